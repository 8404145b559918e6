package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// column of a table.
type column struct {
	name string
	// optional: its values may be empty, and a file for which Options.Columns
	// gives it no name need not have it.
	optional bool
	// extra: no file is expected to have it unless Options.Columns names it, and it
	// is not stored.
	extra bool
	// instead is the extra column that takes its place where the files have that.
	instead string
	// number: its values may be numbers with a fraction.
	number bool
	// length: its values are lengths of time, which have units.
	length bool
	// free: any text is a good value of it.
	free bool
}

// namedColumn is a column and its name in the files, which is empty for one that
// they do not have. Such a column has the same value in all rows.
type namedColumn struct {
	column
	inFile, constant string
	// milliseconds: its values are in milliseconds, unless they name their units.
	milliseconds bool
}

// unitSuffix stands after the name of a column in milliseconds.
const unitSuffix = ":ms"

// nameColumns gives every column its name in the files, or its constant value.
func nameColumns(columns []column, files, constants map[string]string) ([]namedColumn, error) {
	named := make([]namedColumn, len(columns))
	users := map[string]string{}
	for i, column := range columns {
		one, err := nameColumn(column, files, constants)
		if err != nil {
			return nil, err
		}
		if other, taken := users[one.inFile]; taken && one.inFile != "" {
			return nil, fmt.Errorf("the columns %s and %s cannot both be read from %q", other, column.name, one.inFile)
		}
		users[one.inFile], named[i] = column.name, one
	}
	for _, given := range []map[string]string{files, constants} {
		for name := range given {
			if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
				return nil, fmt.Errorf("there is no column %q to be mapped or set; the columns are %s", name, listed(columns))
			}
		}
	}
	return named, nil
}

func nameColumn(column column, files, constants map[string]string) (namedColumn, error) {
	name, mapped := files[column.name]
	one := namedColumn{column: column, inFile: strings.TrimSpace(name)}
	constant, set := constants[column.name]
	switch {
	case set && mapped:
		return one, fmt.Errorf("the column %s is both mapped and set", column.name)
	case set:
		one.inFile, one.constant = "", constant
		return one, nil
	case !mapped && (column.extra || column.instead != "" && files[column.instead] != ""):
		return one, nil
	case !mapped:
		one.inFile = column.name
	case column.instead != "" && one.inFile != "" && files[column.instead] != "":
		return one, fmt.Errorf("map either %s or %s", column.name, column.instead)
	}
	if column.length {
		one.inFile, one.milliseconds = strings.CutSuffix(one.inFile, unitSuffix)
	}
	if one.inFile == "" && !column.optional {
		return one, fmt.Errorf("the column %s cannot be left out", column.name)
	}
	return one, nil
}

// constantsOf returns the values of the columns that no file has, by position.
func constantsOf(columns []namedColumn) []string {
	constants := make([]string, len(columns))
	for i, column := range columns {
		constants[i] = column.constant
	}
	return constants
}

// listed lists the names of columns for a message.
func listed(columns []column) string {
	return strings.ReplaceAll(columnNames(columns), ",", ", ")
}

// locate returns the position of each column in a header, -1 for one that is
// absent and may be.
func locate(columns []namedColumn, header []string) ([]int, error) {
	positions := make([]int, len(columns))
	var missing []namedColumn
	for i, column := range columns {
		positions[i] = -1
		if column.inFile == "" {
			continue
		}
		for at, name := range header {
			if strings.TrimSpace(name) != column.inFile {
				continue
			}
			if positions[i] >= 0 {
				return nil, fmt.Errorf("the column %q is there twice, as number %d and %d; %s",
					column.inFile, positions[i]+1, at+1, foundHint(column.name, inHeader, header))
			}
			positions[i] = at
		}
		if positions[i] < 0 {
			missing = append(missing, column)
		}
	}
	if len(missing) > 0 {
		are := "is"
		if len(missing) > 1 {
			are = "are"
		}
		return nil, fmt.Errorf("the %s %s missing; %s", wanted(missing), are, missingHint(missing, columns, inHeader, header))
	}
	return positions, nil
}

// Where names of columns are found.
const (
	inHeader = "the header has"
	inRows   = "the rows have"
)

// missingHint tells what was found instead of columns, and how to go on. One
// that may be left out is never taken for left out: a name with a slip in it would
// take what is stored away from every row.
func missingHint(missing, columns []namedColumn, where string, found []string) string {
	hint := didYouMean(missing, columns, found) + foundHint(missing[0].name, where, found)
	for _, column := range missing {
		if column.optional {
			hint += fmt.Sprintf("; --map %s= if the file has none", column.name)
		}
	}
	return hint
}

// wanted names the columns that a file was to have.
func wanted(columns []namedColumn) string {
	text := "column"
	if len(columns) > 1 {
		text = "columns"
	}
	for i, column := range columns {
		switch {
		case i > 0 && i == len(columns)-1:
			text += " and"
		case i > 0:
			text += ","
		}
		text += " " + strconv.Quote(column.inFile)
	}
	return text
}

// foundHint tells what was found, and how to go on.
func foundHint(column, where string, found []string) string {
	return fmt.Sprintf(where+" %s (a column by another name is given as --map %s=NAME)", listNames(found), column)
}
