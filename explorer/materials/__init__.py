"""What a teacher takes from a lesson: a page of answers, a worksheet, a quiz and a notebook."""
