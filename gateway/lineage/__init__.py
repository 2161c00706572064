"""Questions about the graph, turned into calls."""
