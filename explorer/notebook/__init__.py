"""The instrument in a notebook."""
