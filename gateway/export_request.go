package gateway

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"aiusage/export"
	"aiusage/handwritten"
	"aiusage/usage"
)

// askedExport is what an export is to have.
type askedExport struct {
	request usage.Request
	query   usage.Query
	rows    export.Request
	options export.Options
	// given are all parameters, in an order that is always the same.
	given string
}

// arguments are those of aiUsage. Each puts its value, which is not empty, into a request.
var arguments = map[usage.Argument]func(request *usage.Request, value string){
	usage.ArgAccountID:  func(r *usage.Request, value string) { r.AccountID = value },
	usage.ArgCustomerID: func(r *usage.Request, value string) { r.CustomerID = value },
	usage.ArgStartDate:  func(r *usage.Request, value string) { r.StartDate = value },
	usage.ArgEndDate:    func(r *usage.Request, value string) { r.EndDate = value },
	usage.ArgTimeZone:   func(r *usage.Request, value string) { r.TimeZone = value },
	usage.ArgPeriod:     func(r *usage.Request, value string) { r.Period = usage.Period(usage.InCapitals(value)) },
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
	var parameters export.Parameters
	for _, name := range slices.Sorted(maps.Keys(values)) {
		argument, given := usage.Argument(name), values[name]
		if set, isList := lists[argument]; isList {
			if asked.request.Among == nil {
				asked.request.Among = &usage.Among{}
			}
			set(asked.request.Among, given)
			continue
		}
		set, ofReport := arguments[argument]
		switch {
		case !ofReport && !slices.Contains(export.Arguments(), argument):
			return nil, unknownParameter(name)
		case len(given) > 1:
			return nil, usage.Invalid(argument, "%s is given %d times; give it once", argument, len(given))
		case given[0] == "":
		case ofReport:
			set(&asked.request, given[0])
		default:
			if err := parameters.Set(argument, given[0]); err != nil {
				return nil, err
			}
		}
	}
	if asked.rows, err = parameters.Request(); err != nil {
		return nil, err
	}
	asked.options = parameters.Options
	if asked.options.Spreadsheet && format != export.CSV {
		return nil, usage.Invalid(export.ArgSpreadsheet, "%s is about CSV", export.ArgSpreadsheet).Accepting(usage.Textf("%susage.csv", ExportPath))
	}
	asked.query, err = asked.request.Query(zone, now)
	return asked, err
}

// unknownParameter refuses a name, and says which was meant, most likely.
func unknownParameter(name string) error {
	var known []string
	for _, some := range []iter.Seq[usage.Argument]{slices.Values(export.Arguments()), maps.Keys(arguments), maps.Keys(lists)} {
		for one := range some {
			known = append(known, string(one))
		}
	}
	slices.Sort(known)
	meant := ""
	if best := handwritten.Nearest(name, known); best != "" {
		meant = "; did you mean " + best + "?"
	}
	err := usage.Errorf(usage.InvalidArgument, "there is no parameter %s%s", usage.Sent(name), meant)
	err.Argument = usage.Argument(strings.Trim(usage.Sent(name).String(), `"`))
	accepted := make([]any, len(known))
	for i, one := range known {
		accepted[i] = one
	}
	return err.Accepting(accepted...)
}
