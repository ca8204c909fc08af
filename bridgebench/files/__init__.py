"""Files that are not trusted: bounded reading, strict JSON, printable text, the cache folder."""
