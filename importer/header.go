package importer

import (
	"fmt"
	"slices"
	"strings"
)

// column of a table.
type column struct {
	name string
	// optional: its values may be empty, and a file for which Options.Columns
	// gives it no name need not have it.
	optional bool
	// number: its values may be numbers with a fraction.
	number bool
	// free: any text is a good value of it.
	free bool
}

// namedColumn is a column and its name in the files, which is empty for one that
// they do not have.
type namedColumn struct {
	column
	inFile string
}

// nameColumns gives every column its name in the files, from Options.Columns.
func nameColumns(columns []column, names map[string]string) ([]namedColumn, error) {
	named := make([]namedColumn, len(columns))
	known := make([]string, len(columns))
	users := map[string]string{}
	for i, column := range columns {
		named[i], known[i] = namedColumn{column, column.name}, column.name
		if name, ok := names[column.name]; ok {
			named[i].inFile = strings.TrimSpace(name)
		}
		if named[i].inFile == "" {
			if !column.optional {
				return nil, fmt.Errorf("the column %s cannot be left out", column.name)
			}
			continue
		}
		if other, taken := users[named[i].inFile]; taken {
			return nil, fmt.Errorf("the columns %s and %s cannot both be read from %q", other, column.name, named[i].inFile)
		}
		users[named[i].inFile] = column.name
	}
	for name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no column %q to be mapped; the columns are %s", name, strings.Join(known, ", "))
		}
	}
	return named, nil
}

// locate returns the position of each column in a header, -1 for one that is
// absent and may be.
func locate(columns []namedColumn, header []string) ([]int, error) {
	positions := make([]int, len(columns))
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
			return nil, fmt.Errorf("the column %q is missing; %s", column.inFile, missingHint(column, inHeader, header))
		}
	}
	return positions, nil
}

// Where names of columns are found.
const (
	inHeader = "the header has"
	inRows   = "the rows have"
)

// missingHint tells what was found instead of a column, and how to go on. One
// that may be left out is never taken for left out: a name with a slip in it would
// take what is stored away from every row.
func missingHint(column namedColumn, where string, found []string) string {
	hint := didYouMean(column, found) + foundHint(column.name, where, found)
	if column.optional {
		hint += fmt.Sprintf("; --map %s= if the file has none", column.name)
	}
	return hint
}

// foundHint tells what was found, and how to go on.
func foundHint(column, where string, found []string) string {
	return fmt.Sprintf(where+" %s (a column by another name is given as --map %s=NAME)", listNames(found), column)
}
