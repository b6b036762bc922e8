"""Time expressions and onsets.

`atoms` cuts a text into words of time, `grammar` matches rules over them, `values`, `calendar` and
`newswire` give what matched a value, and `recogniser` drives them. `scene`, `anchors`, `onset_rules` and
`narrative` turn values into onsets.
"""
