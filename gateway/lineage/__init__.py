"""Walks, paths, graphs and exports of the lineage graph."""
