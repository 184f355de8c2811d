"""The other frameworks' applications, written as their own documentation writes them: one for all three boards."""
