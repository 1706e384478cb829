"""The page that each study shows, from its record."""
