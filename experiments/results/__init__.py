"""What each study measures on its nets, and how claims are judged."""
