"""What the server answers, and how it stands what anybody may send: HTTP, and nothing of a page."""
