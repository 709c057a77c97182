"""What `linli doctor` looks at. Each module answers findings; none of them changes anything."""
