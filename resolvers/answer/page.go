package answer

import (
	"fmt"

	"aiusage/usage"
)

// PageInfo tells where a page stands among the others, as Relay's specification
// of cursor connections has it.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	// StartCursor and EndCursor are nil on an empty page.
	StartCursor, EndCursor *string
}

// PageArguments are those of a connection.
type PageArguments struct {
	First, Last   *int32
	After, Before *string
}

// The arguments of connections.
const (
	argFirst   usage.Argument = "first"
	argAfter   usage.Argument = "after"
	argLast    usage.Argument = "last"
	argBefore  usage.Argument = "before"
	argOrderBy usage.Argument = "orderBy"
)

// DefaultPageSize is how many rows a page has when its size is not given.
const DefaultPageSize = 100

// size returns how many rows a page has and whether it is the last of them rather
// than the first. Errors are InvalidArgument.
func (a PageArguments) size(limit int) (size int, backward bool, err error) {
	switch {
	case a.First != nil && a.Last != nil:
		return 0, false, usage.Invalid(argLast, "%s and %s cannot go together", argFirst, argLast).
			Accepting(usage.Textf("%s, perhaps with %s", argFirst, argAfter), usage.Textf("%s, perhaps with %s", argLast, argBefore))
	case a.First != nil:
		size, err = checkSize(argFirst, int(*a.First), limit)
		return size, false, err
	case a.Last != nil:
		size, err = checkSize(argLast, int(*a.Last), limit)
		return size, true, err
	}
	return DefaultPageSize, false, nil
}

func checkSize(argument usage.Argument, size, limit int) (int, error) {
	if size < 0 || size > limit {
		return 0, usage.Invalid(argument, "%s is %d", argument, size).Accepting(fmt.Sprintf("a number from 0 to %d", limit))
	}
	return size, nil
}

// window cuts a page out of rows of which those from begin on, before end, are
// between the cursors.
func (a PageArguments) window(begin, end, limit int) (from, to int, err error) {
	size, backward, err := a.size(limit)
	if err != nil {
		return 0, 0, err
	}
	end = max(begin, end)
	if backward {
		return max(begin, end-size), end, nil
	}
	return begin, min(end, begin+size), nil
}

// pageInfo describes a page with its cursors, in their order.
func pageInfo(cursors []string, before, after bool) PageInfo {
	info := PageInfo{HasPreviousPage: before, HasNextPage: after}
	if len(cursors) > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[len(cursors)-1]
	}
	return info
}
