"""Metrics of translated images, and the Inception extractor."""
