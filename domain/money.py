"""Amounts: integers of minor units, never floats (I5).

`EXPONENTS` is ISO 4217's own list of decimals. Locale databases differ from it for over a dozen
currencies, because they say how people write money and not what its smallest unit is.
"""

import re
from collections.abc import Mapping

AMOUNT_MAX = 10**15
BALANCE_MAX = 9 * 10**15

_TWO = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD
TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"""
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EXPONENTS: Mapping[str, int] = {
    code: exponent
    for exponent, codes in ((0, _ZERO), (2, _TWO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}

_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,4}))?", re.ASCII)


def minor_units(text: str, exponent: int) -> int:
    """The minor units of an amount written with exactly the currency's decimals.

    Raises ValueError with a sentence for people: `"12.5"` is not an amount of a two-decimal
    currency, and nothing is ever rounded.
    """
    found = _DECIMAL.fullmatch(text)
    decimals = len(found[3] or "") if found else -1
    if found is None or decimals != exponent:
        wanted = "no decimals" if exponent == 0 else f"exactly {exponent} decimals"
        raise ValueError(f"must be a number with {wanted}, or an integer of minor units")
    return int(found[1] + found[2] + (found[3] or ""))


def major_units(amount: int, exponent: int) -> str:
    """An amount as people write it: 1250 with two decimals is `12.50`."""
    if exponent == 0:
        return str(amount)
    sign, digits = ("-", -amount) if amount < 0 else ("", amount)
    whole, rest = divmod(digits, 10**exponent)
    return f"{sign}{whole}.{rest:0{exponent}d}"
