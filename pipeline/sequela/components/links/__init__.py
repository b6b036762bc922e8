"""The parts of drug-event linking: how a sentence looks to the rules, the rules, the evidence of the report."""
