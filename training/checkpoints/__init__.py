"""The checkpoint folder: what lies in it, and how it is written, locked and handed on."""
