"""What was asked of the graph, turned into calls."""
