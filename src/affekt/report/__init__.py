"""Reports: one model of what they say, and renderers for terminals, Markdown, HTML and CSV."""
