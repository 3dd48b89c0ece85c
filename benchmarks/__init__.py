"""What is measured, against the budgets of docs/ARCHITECTURE.md."""
