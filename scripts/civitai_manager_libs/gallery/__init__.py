"""What the project exists for: images, pages, infotext, downloads."""
