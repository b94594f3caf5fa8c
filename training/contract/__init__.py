"""What a checkpoint folder and a table of results say, declared once. Nothing here needs torch.

All that crosses between the training and the explorer is one of these models: frozen, with bounds
on every field, and unknown fields refused.
"""
