"""What is answered and told: the exchange's nouns in the shapes and with the names of its JSON."""
