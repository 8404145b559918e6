package cli

import (
	"slices"

	"aiusage/db"
	"aiusage/export"
	"aiusage/legacy/compare"
	"aiusage/usage"
)

// flagNames are the names on the command line: flags for arguments, and this-week
// for THIS_WEEK.
var flagNames = usage.Names{
	Arguments: map[usage.Argument]string{
		usage.ArgAccountID: "--account", usage.ArgCustomerID: "--customer",
		usage.ArgStartDate: "--start", usage.ArgEndDate: "--end",
		usage.ArgTimeZone: "--time-zone", usage.ArgPeriod: "--period",
		usage.ArgGranularity: "--series", usage.ArgSearch: "--search", usage.ArgShift: "--shift", usage.ArgElapsed: "--elapsed",
		export.ArgLevel: "--level", export.ArgColumns: "--columns", export.ArgNames: "--names", export.ArgNamed: "--named",
		export.ArgMinimum: "--minimum", export.ArgMeasure: "--measure", export.ArgTop: "--top",
		export.ArgOrder: "--order", export.ArgDirection: "--direction", export.ArgInclude: "--include", export.ArgPrevious: "--previous",
		export.ArgCompareFrom: "--compare-start", export.ArgCompareTo: "--compare-end", export.ArgComparedTo: "--compare-period",
		export.ArgSpreadsheet: "--spreadsheet",
		db.ArgDrop:            "--drop",
		compare.ArgOld:        "--old", compare.ArgNew: "--new", compare.ArgRate: "--rate", compare.ArgTimeout: "--timeout",
	},
	Spell: usage.Spelled,
}

// parsePeriod returns the period that is spelled so, in upper or lower case, and
// what is none as it is, so that the error shows what was typed.
func parsePeriod(typed string) usage.Period {
	at := slices.IndexFunc(usage.Periods, func(period usage.Period) bool { return usage.Spelled(string(period)) == usage.Spelled(typed) })
	if at < 0 {
		return usage.Period(typed)
	}
	return usage.Periods[at]
}
