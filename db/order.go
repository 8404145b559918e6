package db

import (
	"cmp"
	"strings"
)

func compareSubjects(a, b subject) int {
	return cmp.Or(strings.Compare(a.account, b.account), strings.Compare(a.customer, b.customer))
}

// compareRollups is the order of the primary key.
func compareRollups(a, b rollup) int {
	return cmp.Or(cmp.Compare(a.grain, b.grain), a.bucket.Compare(b.bucket),
		cmp.Compare(a.accountNo, b.accountNo), cmp.Compare(a.subjectNo, b.subjectNo))
}

// anys returns values as arguments.
func anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return args
}

func repeat(text string, count int) string { return strings.Repeat(text, max(count, 0)) }
