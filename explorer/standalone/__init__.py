"""The explorer without a server: one page that opens from disk, or a folder for any web host."""
