"""The rules and promises by number, each in a few words; the numbers never change.

EXCEPTIONS says where there can be no spec, law or code, and why; one that is no longer needed fails
in test_rules.py, so that the list only ever gets shorter.
"""

RULES = {
    "R1": "the order of use, a named and versioned profile; grants in that order, lines in theirs",
    "R2": "what is usable: effective_at <= t < expires_at, not void, not reserved",
    "R3": "t and now; late messages, and when the expiry run writes its rows",
    "R4": "a scope pays only what is in it; naming a grant says what it is for",
    "R5": "auto_apply: invoice over account over tenant",
    "R6": "never more than is usable or due; no overdraft; open until it is paid",
    "R7": "business ids count once: the same again changes nothing, else `id_conflict`",
    "R8": "only open invoices take credit; what comes before its create is remembered",
    "R9": "a smaller amount gives the surplus back, a larger one takes more",
    "R10": "a void gives everything back and is final, write-offs excepted",
    "R11": "where asked for, a grant that comes pays open invoices, oldest issued first",
    "R12": "credit.apply: with an amount whole or refused, without one what it can",
    "R13": "credit goes back where it came from, in reverse; what has ended ends at once",
    "R14": "nothing is reversed beyond what stands; a reversal names what it reverses",
    "R15": "credit.void takes what remains; credit.amend changes terms and moves no money",
    "R16": "a deduction is done whole or refused",
    "R17": "a hold reserves; captured, released or over, it ends once",
    "R18": "a transfer moves lots with their terms; both sides once",
    "R19": "a shortfall within tolerance is written off as a pair, and reversed whole",
    "R20": "one message, one key, for ever: repeats, and conflicts with another body",
    "R21": "refusals are outcomes, malformed messages are quarantined, nothing blocks",
    "R22": "what commutes leaves the same state in any order",
    "R23": "where a batch ends changes nothing",
}

PROMISES = {
    "I1": "every message has one outcome",
    "I2": "no double effect",
    "I3": "per account seq = 1..n, and each balance is the one before plus the amount",
    "I4": "the account's balance is the newest entry's, and the sum",
    "I5": "nothing negative, integers only",
    "I6": "of each grant: amount = used + expired + voided + moved + remaining",
    "I7": "0 <= applied <= amount_due",
    "I8": "credit was used in the declared order",
    "I9": "the inputs with their stored instants give the same rows again",
    "I10": "entries are never updated or deleted; a chain shows tampering",
    "I11": "every event is published",
    "I12": "per account the events have no gap",
    "I13": "the broker is quiet, and the quarantine holds exactly the bad messages",
    "I14": "nothing is used after its expiry, and nothing expires twice",
    "I15": "tenants never mix",
    "I16": "one currency per account",
    "I17": "a conflict changed nothing",
    "I18": "work goes on after the last fault",
    "I19": "every entry names its cause",
    "I20": "workers' clocks change no amount",
}

EXCEPTIONS = {
    ("R22", "code"): "follows from all decisions together; the pairs are in domain/README.md",
    ("I1", "law"): "simulation: each message under crashes at any call",
    ("I9", "law"): "simulation: decided again one by one from what was stored",
    ("I11", "law"): "simulation: published against received",
    ("I12", "law"): "simulation: published against received",
    ("I13", "spec"): "there is no broker in a spec",
    ("I13", "law"): "simulation and faults: it is about a broker",
    ("I18", "spec"): "there are no faults in a spec",
    ("I18", "law"): "simulation: crashes at any call",
    ("I18", "code"): "follows from redelivery and receipts (worker/process.py)",
    ("I20", "law"): "simulation: processes whose clocks differ",
}
"""By rule and column of the table."""
