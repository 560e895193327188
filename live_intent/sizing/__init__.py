"""What an installation of some size takes: memory, disk, nodes, cores, hours of encoding."""
