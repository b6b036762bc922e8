"""The parts of drug-event linking: the masked sentence, its rules, the evidence of the report, rows."""
