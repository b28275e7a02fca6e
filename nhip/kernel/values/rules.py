"""What each rule means, in a sentence for the person who mends the cell. The texts are gettext keys."""

from __future__ import annotations

from nhip.kernel.i18n import _

RULES: dict[str, str] = {
    "value.blank": _("Words or signs that mean “nothing” were stored as an empty cell."),
    "date.form": _("The date was written in another form; it is stored as year-month-day."),
    "date.monthFirst": _("The month stands before the day here. Check that the whole column means it so."),
    "date.ambiguous": _(
        "Day and month can be exchanged. Say in the contract which comes first, or write the date anew."
    ),
    "date.twoDigitYear": _("The year has two digits, so the century is not known. Write four digits."),
    "date.impossible": _("There is no such day in the calendar."),
    "date.year": _("The year is outside 1800 to 2200."),
    "date.serial": _("This looks like the number by which Excel stores a date. Check the suggested date."),
    "date.partial": _("The day, or day and month, is missing."),
    "date.time": _("A time of day stood beside the date; only the date is stored."),
    "date.unreadable": _("This is not a date."),
    "timestamp.form": _("Date and time were written in another form."),
    "timestamp.dateOnly": _("The time of day is missing; midnight is stored."),
    "timestamp.offset": _("The time was of another time zone; Vietnam's time is stored."),
    "timestamp.unreadable": _("This is not a date with a time."),
    "time.form": _("The time was written in another form; it is stored as hours:minutes:seconds."),
    "time.impossible": _("There is no such time of day."),
    "time.unreadable": _("This is not a time of day."),
    "number.form": _("The number was written with other marks; it is stored with a decimal point only."),
    "number.ambiguous": _(
        "The point or comma may separate thousands or decimals: these are two different numbers. Write it anew."
    ),
    "number.float": _("Digits that come from a computer's rounding were removed."),
    "number.leadingZero": _(
        "Zeros in front were removed. If they matter, this is a code and the column should be text."
    ),
    "number.scientific": _(
        "The number was shortened by a spreadsheet (1E+05); digits may be lost. Check it at the source."
    ),
    "number.unit": _("The number was in another unit and was converted."),
    "number.unitAmbiguous": _(
        "The size of this land measure depends on the region. Write “sào Trung Bộ” or another unit."
    ),
    "number.unitMismatch": _("The unit measures something else than the column."),
    "number.unitMissing": _("The number has a unit, but the contract does not say in which unit the column is stored."),
    "number.unitUnknown": _("The words or unit behind the number are not known."),
    "number.perUnit": _("“Per …” was dropped; only the amount is stored."),
    "number.word": _("A word that means 0 was stored as 0."),
    "number.approximate": _("The number is approximate or a limit. Write the number itself if it is meant."),
    "number.several": _("There is more than one number in the cell."),
    "number.notInteger": _("A whole number is expected here."),
    "number.range": _("The number has more than 18 digits."),
    "number.unreadable": _("This is not a number."),
    "boolean.form": _("Yes or no was written in another way."),
    "boolean.unreadable": _("This is neither yes nor no."),
    "phone.form": _("The telephone number was written in another form; it is stored internationally (+84…)."),
    "phone.leadingZero": _("The 0 in front of the telephone number was missing, as spreadsheets drop it."),
    "phone.old": _("The number is of the plan before 2017 or 2018; the present number is stored."),
    "phone.ambiguous": _("This can be a mobile number of today or a landline number of before 2017. Check it."),
    "phone.extension": _("An extension stood behind the telephone number; only the number is stored."),
    "phone.foreign": _("This is a telephone number of another country."),
    "phone.several": _("There is more than one telephone number in the cell."),
    "phone.unreadable": _("This is not a telephone number of Vietnam."),
    "plate.form": _("The plate was written in another form."),
    "plate.ambiguous": _("Without a separator this can be a car's plate or an old motorcycle's."),
    "plate.province": _("No province has plates with this number."),
    "plate.unreadable": _("This is not a vehicle plate."),
    "identity.digitsLost": _(
        "A spreadsheet shortened this number (1.23E+11); its digits are lost. Deliver the column as text."
    ),
    "identity.unreadable": _("This is too long to be a number of a person or business."),
    "citizen.form": _("The citizen number was written in another form."),
    "citizen.old": _("This is an identity card number of nine digits, used before 2021."),
    "citizen.leadingZero": _("Zeros in front of the citizen number are missing, as spreadsheets drop them."),
    "citizen.province": _("The first three digits are no province of a citizen number."),
    "citizen.birthYear": _("Century, sex and year of birth in the citizen number mean a birth in the future."),
    "citizen.unreadable": _("This is not a citizen number of twelve digits."),
    "taxCode.form": _("The tax code was written in another form."),
    "taxCode.leadingZero": _("The 0 in front of the tax code is missing, as spreadsheets drop it."),
    "taxCode.checkDigit": _("The tenth digit does not fit the other digits: the tax code has a typing error."),
    "taxCode.unreadable": _("This is not a tax code."),
    "healthInsurance.form": _("The health insurance number was written in another form."),
    "healthInsurance.unreadable": _("This is not a health insurance number."),
    "bankAccount.form": _("The account number was written in another form."),
    "bankAccount.unreadable": _("This is not an account number."),
    "personal.identity": _(
        "A citizen number stands in free text. Remove it, or classify the column as personal in the contract."
    ),
    "personal.phone": _(
        "A mobile number stands in free text. If it is a private one remove it, or classify the column as personal."
    ),
    "email.form": _("The e-mail address was written in another form."),
    "email.several": _("There is more than one e-mail address in the cell."),
    "email.unreadable": _("This is not an e-mail address."),
    "url.form": _("The web address was written in another form."),
    "url.scheme": _("The web address had no https:// in front; it was added."),
    "url.credentials": _("The web address holds a user name or password. Remove it and change the password."),
    "url.unreadable": _("This is not a web address."),
    "coordinate.form": _("The coordinate was written in another form; it is stored in decimal degrees."),
    "coordinate.point": _("The decimal point of the coordinate is lost or repeated."),
    "coordinate.pair": _("Latitude and longitude stand in one cell."),
    "coordinate.swapped": _("This is a longitude in the column of latitudes, or the other way round."),
    "coordinate.range": _("There is no such coordinate."),
    "coordinate.unreadable": _("This is not a coordinate."),
    "point.swapped": _("The two coordinates stood in exchanged columns and were put right."),
    "point.zero": _("A coordinate is 0, which means that the place was not entered."),
    "point.outside": _("The place is outside Vietnam."),
    "point.unexpected": _("The place is outside the area where it should be."),
    "point.axes": _(
        "Nearly all points have the easting in x and the northing in y, so the table was read in that order."
    ),
    "point.incomplete": _("Only one of the two coordinates is there."),
    "point.range": _("These numbers are no coordinates in Vietnam in metres."),
    "point.metres": _("The columns of degrees held VN-2000 metres; they were converted."),
    "point.degrees": _("The columns of metres held degrees."),
    "point.meridian": _("The place fits only with another central meridian than the declared one."),
    "point.meridianUnknown": _(
        "The central meridian is not known: the province has several. Give the EPSG code in the contract."
    ),
}
"""Rule -> English sentence (gettext key). Severity is part of each finding, not of the rule."""
