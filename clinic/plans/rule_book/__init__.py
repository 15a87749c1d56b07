"""The rule book at this practice: who read and signed which text, and what happened here with each rule.

A signature is about a text, named by its hash: a rule set that reads differently asks for a new one. It changes nothing of what
the rules do. What the rules say in words stands in `guidance.rule_book`.
"""
