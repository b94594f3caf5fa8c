"""The pages, one file each. (Not `pages`: Streamlit would discover that by itself.)"""
