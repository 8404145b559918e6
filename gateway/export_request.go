package gateway

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiusage/export"
	"aiusage/handwritten"
	"aiusage/usage"
)

// The parameters of an export beyond the arguments of aiUsage.
const (
	argColumns     usage.Argument = "columns"
	argOrder       usage.Argument = "order"
	argLevel       usage.Argument = "level"
	argNames       usage.Argument = "names"
	argPrevious    usage.Argument = "previous"
	argTop         usage.Argument = "top"
	argSpreadsheet usage.Argument = "spreadsheet"
)

// askedExport is what an export is to have.
type askedExport struct {
	request usage.Request
	query   usage.Query
	rows    export.Request
	options export.Options
	// given are all parameters, in an order that is always the same.
	given string
	// ordered tells whether there is an order by name.
	ordered bool
}

// parameters are all that an export takes. Each puts its value, which is not empty, into what
// is asked.
var parameters = map[usage.Argument]func(asked *askedExport, value string) error{
	usage.ArgAccountID:  func(a *askedExport, value string) error { a.request.AccountID = value; return nil },
	usage.ArgCustomerID: func(a *askedExport, value string) error { a.request.CustomerID = value; return nil },
	usage.ArgStartDate:  func(a *askedExport, value string) error { a.request.StartDate = value; return nil },
	usage.ArgEndDate:    func(a *askedExport, value string) error { a.request.EndDate = value; return nil },
	usage.ArgTimeZone:   func(a *askedExport, value string) error { a.request.TimeZone = value; return nil },
	usage.ArgPeriod: func(a *askedExport, value string) error {
		a.request.Period = usage.Period(inCapitals(value))
		return nil
	},
	usage.ArgGranularity: (*askedExport).setGranularity,
	argColumns:           func(a *askedExport, value string) error { a.options.Columns = strings.Split(value, ","); return nil },
	argOrder:             (*askedExport).setOrder,
	argLevel:             (*askedExport).setLevel,
	argTop:               (*askedExport).setTop,
	argNames: func(a *askedExport, value string) (err error) {
		a.rows.Names, err = isTrue(argNames, value)
		return err
	},
	argPrevious: func(a *askedExport, value string) (err error) {
		a.rows.Previous, err = isTrue(argPrevious, value)
		return err
	},
	argSpreadsheet: func(a *askedExport, value string) (err error) {
		a.options.Spreadsheet, err = isTrue(argSpreadsheet, value)
		return err
	},
}

// lists are the parameters that are given once for each id: an id may have a comma in it.
var lists = map[usage.Argument]func(among *usage.Among, ids []string){
	usage.ArgAccountIDs:  func(among *usage.Among, ids []string) { among.AccountIDs = ids },
	usage.ArgCustomerIDs: func(among *usage.Among, ids []string) { among.CustomerIDs = ids },
}

// readExport reads the parameters of an export. Every error is InvalidArgument and names the
// parameter at fault. Absent and empty are the same, as they are in GraphQL.
func readExport(rawQuery string, format export.Format, zone *time.Location, now time.Time) (*askedExport, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, usage.Errorf(usage.InvalidArgument, "the parameters cannot be read: they are name=value, separated by &, with %%XX for what is not a letter or a digit")
	}
	asked := &askedExport{given: values.Encode()}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		argument := usage.Argument(name)
		if set, isList := lists[argument]; isList {
			if asked.request.Among == nil {
				asked.request.Among = &usage.Among{}
			}
			set(asked.request.Among, values[name])
			continue
		}
		set, known := parameters[argument]
		switch given := values[name]; {
		case !known:
			return nil, unknownParameter(name)
		case len(given) > 1:
			return nil, usage.Invalid(argument, "%s is given %d times; give it once", argument, len(given))
		case given[0] == "":
		default:
			if err := set(asked, given[0]); err != nil {
				return nil, err
			}
		}
	}
	if asked.rows.Top > 0 && !asked.ordered {
		asked.rows.Order = export.ByMinutes
	}
	if err := asked.checkColumns(); err != nil {
		return nil, err
	}
	if asked.rows.Previous && asked.rows.Series != "" {
		return nil, usage.Invalid(argPrevious, "%s and %s cannot go together: a row of a series has no usage of the time before", argPrevious, usage.ArgGranularity)
	}
	if asked.options.Spreadsheet && format != export.CSV {
		return nil, usage.Invalid(argSpreadsheet, "%s is about CSV", argSpreadsheet).Accepting(usage.Textf("%susage.csv", ExportPath))
	}
	asked.query, err = asked.request.Query(zone, now)
	return asked, err
}

// unknownParameter refuses a name, and says which was meant, most likely.
func unknownParameter(name string) error {
	names := slices.AppendSeq(slices.Collect(maps.Keys(parameters)), maps.Keys(lists))
	slices.Sort(names)
	known := texts(names)
	err := usage.Errorf(usage.InvalidArgument, "there is no parameter %s%s", usage.Sent(name), meant(name, known))
	err.Argument = usage.Argument(strings.Trim(usage.Sent(name).String(), `"`))
	return err.Accepting(known...)
}

// meant asks whether one of those that are accepted was meant, where one is alike.
func meant(sent string, accepted []any) string {
	known := make([]string, len(accepted))
	for i, one := range accepted {
		known[i] = fmt.Sprint(one)
	}
	if best := handwritten.Nearest(sent, known); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// inCapitals returns the value of an enumeration in the spelling of GraphQL: last-month, as
// the command line has it, is LAST_MONTH.
func inCapitals(value string) string { return strings.ToUpper(strings.ReplaceAll(value, "-", "_")) }

func (a *askedExport) setGranularity(value string) error {
	if a.rows.Series = usage.Step(inCapitals(value)); !slices.Contains(usage.Steps, a.rows.Series) {
		return refused(usage.ArgGranularity, value, texts(usage.Steps))
	}
	return nil
}

func (a *askedExport) setOrder(value string) error {
	orders := map[string]export.Order{
		"id": export.ByID, "minutes": export.ByMinutes, "seconds": export.BySeconds, "sessions": export.BySessions,
	}
	order, known := orders[strings.ToLower(value)]
	if !known {
		return refused(argOrder, value, []any{"id", "minutes", "seconds", "sessions"})
	}
	a.rows.Order, a.ordered = order, true
	return nil
}

func (a *askedExport) setLevel(value string) error {
	switch strings.ToLower(value) {
	case "customer":
		a.rows.Level = usage.ByCustomer
	case "account":
		a.rows.Level = usage.ByAccount
	default:
		return refused(argLevel, value, []any{"customer", "account"})
	}
	return nil
}

func (a *askedExport) setTop(value string) (err error) {
	if a.rows.Top, err = strconv.Atoi(value); err != nil || a.rows.Top < 1 {
		return refused(argTop, value, []any{"a number from 1 on"})
	}
	return nil
}

// isTrue reads a parameter that is on or off.
func isTrue(argument usage.Argument, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, refused(argument, value, []any{"1", "0", "true", "false"})
}

// checkColumns has read what the columns need, and refuses those that there are not.
func (a *askedExport) checkColumns() error {
	if a.options.Columns == nil {
		return nil
	}
	for i, name := range a.options.Columns {
		a.rows.Names = a.rows.Names || strings.HasSuffix(name, "Name")
		a.rows.Previous = a.rows.Previous || strings.HasPrefix(name, "previous")
		if slices.Contains(a.options.Columns[:i], name) {
			return usage.Invalid(argColumns, "%s has %s twice", argColumns, usage.Sent(name))
		}
	}
	known := a.rows.Columns()
	for _, name := range a.options.Columns {
		if slices.Contains(known, name) {
			continue
		}
		withSteps := export.Request{Level: a.rows.Level, Series: usage.Daily}
		if slices.Contains(withSteps.Columns(), name) {
			return usage.Invalid(argColumns, "the column %s is that of a step of time, which %s asks for", name, usage.ArgGranularity).Accepting(texts(known)...)
		}
		return refused(argColumns, name, texts(export.Request{Level: a.rows.Level, Names: true, Previous: a.rows.Series == "", Series: a.rows.Series}.Columns()))
	}
	return nil
}

// refused says that a value is none of those that a parameter takes.
func refused(argument usage.Argument, value string, accepted []any) error {
	return usage.Invalid(argument, "%s %s is not known%s", argument, usage.Sent(value), meant(value, accepted)).Accepting(accepted...)
}

// texts returns values as texts.
func texts[T ~string](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}
