package write

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"aiusage/db/pool"
)

// refusals are the numbers of servers' errors about the values of a row: those that do not fit
// their column, another row with a key of theirs, a check, a foreign key, a partition, and what
// triggers say.
var refusals = []uint16{1048, 1062, 1264, 1265, 1292, 1364, 1366, 1406, 1452, 1526, 1644, 3819, 4025}

// counted is where servers say which row of a statement an error is about.
var counted = regexp.MustCompile(`at row (\d+)`)

// naming says in an error about a row which one it is, by its key, or where the server does not
// say that, among which it is.
func (t table[Row]) naming(err error, rows []Row) error {
	if !pool.HasNumber(err, refusals...) {
		return err
	}
	if at := counted.FindStringSubmatch(err.Error()); at != nil {
		if n, _ := strconv.Atoi(at[1]); n > 0 && n <= len(rows) {
			rows = rows[n-1 : n]
		}
	}
	if len(rows) == 1 {
		return fmt.Errorf("the database does not take the row with %s: %w", t.nameOf(rows[0]), err)
	}
	return fmt.Errorf("the database does not take one of %d rows, from the one with %s to the one with %s: %w",
		len(rows), t.nameOf(rows[0]), t.nameOf(rows[len(rows)-1]), err)
}

// nameOf is a row's key, for people.
func (t table[Row]) nameOf(row Row) string {
	var parts []string
	for i, value := range t.keyArgs(row) {
		parts = append(parts, fmt.Sprintf("%s %q", t.keys[i], value))
	}
	return strings.Join(parts, " and ")
}
