package transport

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits are the most that one request may ask for. 0 means the default of each.
// All but Body are counted on the document, so that an operation beyond them is
// refused before any of it runs, at a cost that grows with the document only.
// Fields of one name are one field, as they are in the answer, in whichever fragments they are.
type Limits struct {
	// Body is the most bytes of a body, and of a message of a WebSocket.
	Body int
	// Tokens is the most tokens of a document.
	Tokens int
	// Depth is the deepest nesting of fields. The introspection query of GraphiQL
	// needs 13.
	Depth int
	// Aliases is the most renamed fields.
	Aliases int
	// RootFields is the most fields of the operation itself: each is a report.
	RootFields int
	// Fields is the most fields altogether. Before they are merged there may be ten times as many
	// selections (spreadFactor).
	Fields int
	// Complexity is the most values that an answer may hold, as the schema
	// estimates it: a field counts as often as the lists around it may be long.
	Complexity int
}

// DefaultLimits are those of a Limits without any.
var DefaultLimits = Limits{
	Body: 256 << 10, Tokens: 1500, Depth: 20, Aliases: 50, RootFields: 20, Fields: 2000, Complexity: 3_000_000,
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Body:       cmp.Or(l.Body, DefaultLimits.Body),
		Tokens:     cmp.Or(l.Tokens, DefaultLimits.Tokens),
		Depth:      cmp.Or(l.Depth, DefaultLimits.Depth),
		Aliases:    cmp.Or(l.Aliases, DefaultLimits.Aliases),
		RootFields: cmp.Or(l.RootFields, DefaultLimits.RootFields),
		Fields:     cmp.Or(l.Fields, DefaultLimits.Fields),
		Complexity: cmp.Or(l.Complexity, DefaultLimits.Complexity),
	}
}

// tooLarge is the code of an operation beyond a limit.
const tooLarge = "OPERATION_TOO_LARGE"

// tooLargeError says that an operation is beyond a limit, whose name metrics have.
func tooLargeError(limit, format string, args ...any) *gqlerror.Error {
	err := codedError(tooLarge, fmt.Sprintf(format, args...))
	err.Rule = limit // callers do not see it
	return err
}

// spreadFactor is how many selections an operation may have for each field that it is allowed,
// before those of one name are merged and each as often as its fragment is spread. It bounds what
// merging costs, and whatever else walks through fragments.
const spreadFactor = 10

// check refuses an operation that asks for too much, and returns what it asks for with fields of
// one name merged. Its document must have been validated, so that fragments exist and do not
// contain themselves. Each is measured once, however often it is spread.
func (l Limits) check(operation *ast.OperationDefinition) (merged ast.SelectionSet, asked size, err *gqlerror.Error) {
	spread := measurer{fragments: map[string]extent{}}.of(operation.SelectionSet)
	if err := atMostOf("depth", "levels of fields", spread.depth, l.Depth); err != nil {
		return nil, size{}, err
	}
	if err := atMostOf("fields", "fields and fragments, each as often as it is spread", spread.selections, spreadFactor*l.Fields); err != nil {
		return nil, size{}, err
	}
	merged, asked = merge([]ast.SelectionSet{operation.SelectionSet}, l.Fields)
	asked.roots = len(merged)
	for _, bound := range []struct {
		name, what string
		asked, max int
	}{
		{"aliases", "aliases", asked.aliases, l.Aliases},
		{"root_fields", "fields at its root", asked.roots, l.RootFields},
		{"fields", "fields", asked.fields, l.Fields},
	} {
		if err := atMostOf(bound.name, bound.what, bound.asked, bound.max); err != nil {
			return nil, size{}, err
		}
	}
	return merged, asked, nil
}

// atMostOf refuses an operation that has too many of something.
func atMostOf(limit, what string, asked, most int) *gqlerror.Error {
	if asked <= most {
		return nil
	}
	return tooLargeError(limit, "the operation has more than %d %s", max(most, 0), what)
}

// limiter is the extension that holds operations to Limits.
type limiter struct {
	Limits
	schema graphql.ExecutableSchema
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = limiter{}

// ExtensionName names the extension to gqlgen.
func (limiter) ExtensionName() string { return "Limits" }

// Validate finds nothing wrong with any schema.
func (limiter) Validate(graphql.ExecutableSchema) error { return nil }

// maxComparisons bounds what the rule OverlappingFieldsCanBeMerged may do. It
// compares each two fields of one name that may meet in an answer; 50,000
// comparisons take some milliseconds.
const maxComparisons = 50_000

// longestName bounds names, in bytes: errors compare one that is not known with
// those of the schema, to suggest another.
const longestName = 100

// checkNames refuses a document, which need not be valid, that selects the same
// names very often, or names that nothing has.
func checkNames(document *ast.QueryDocument) *gqlerror.Error {
	found := names{times: map[string]int{}}
	for _, operation := range document.Operations {
		found.add(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		found.measure(fragment.TypeCondition)
		found.add(fragment.SelectionSet)
	}
	comparisons := 0
	for _, n := range found.times {
		comparisons += n * n
	}
	switch {
	case found.longest > longestName:
		return tooLargeError("name_length", "the document has a name of more than %d characters", longestName)
	case comparisons > maxComparisons:
		return tooLargeError("comparisons", "the document selects the same fields too often")
	}
	return nil
}

// names are those of a document.
type names struct {
	// times is how often each name of an answer is selected.
	times map[string]int
	// longest is the length of the longest name, in bytes.
	longest int
}

func (n *names) measure(name string) { n.longest = max(n.longest, len(name)) }

func (n *names) add(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			n.times[selection.Alias]++
			n.measure(selection.Name)
			for _, argument := range selection.Arguments {
				n.measure(argument.Name)
			}
			n.add(selection.SelectionSet)
		case *ast.InlineFragment:
			n.add(selection.SelectionSet)
		}
	}
}

// MutateOperationContext refuses an operation that asks for too much. gqlgen's
// estimate comes last, and is of the fields as they are merged.
func (l limiter) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	spent := allowanceOf(ctx)
	left := spent.left(l.Limits)
	merged, size, err := left.check(operation.Operation)
	if err != nil {
		return err
	}
	asked := complexity.Calculate(ctx, l.schema, &ast.OperationDefinition{SelectionSet: merged}, operation.Variables)
	if asked > left.Complexity {
		return tooLargeError("complexity", "the answer could hold %d values, more than %d: ask for shorter lists or fewer fields", asked, max(left.Complexity, 0))
	}
	spent.spend(size, asked)
	return nil
}

// size is how much an operation asks for once fields of one name are merged; roots are the
// fields of the operation itself.
type size struct{ aliases, roots, fields int }

func (s size) and(other size) size {
	return size{
		aliases: sum(s.aliases, other.aliases),
		roots:   sum(s.roots, other.roots),
		fields:  sum(s.fields, other.fields),
	}
}

// sum stops at the largest number instead of wrapping.
func sum(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// extent is how deep and how many selections are, each as often as its fragment is spread.
type extent struct{ depth, selections int }

// measurer measures selections and remembers fragments.
type measurer struct{ fragments map[string]extent }

func (m measurer) of(selections ast.SelectionSet) (total extent) {
	for _, selection := range selections {
		var one extent
		switch selection := selection.(type) {
		case *ast.Field:
			one = m.of(selection.SelectionSet)
			one.depth++
		case *ast.InlineFragment:
			one = m.of(selection.SelectionSet)
		case *ast.FragmentSpread:
			one = m.fragment(selection)
		}
		total = extent{max(total.depth, one.depth), sum(total.selections, sum(one.selections, 1))}
	}
	return total
}

// fragment measures what is in a fragment.
func (m measurer) fragment(spread *ast.FragmentSpread) extent {
	measured, known := m.fragments[spread.Name]
	if !known {
		measured = m.of(spread.Definition.SelectionSet)
		m.fragments[spread.Name] = measured
	}
	return measured
}

// What is shown of the errors of a request that is not valid: at most errorsShown,
// and of each at most messageShown bytes, since they repeat what was sent. Of errors of
// fields, which each row of a list may have, at most fieldErrorsShown.
const (
	errorsShown      = 10
	messageShown     = 500
	fieldErrorsShown = 1000
)

// firstErrors returns at most errorsShown of errs, shortened.
func firstErrors(errs gqlerror.List) gqlerror.List {
	errs = atMost(errorsShown, errs)
	for _, err := range errs {
		err.Message = shortened(err.Message)
	}
	return errs
}

// atMost returns at most so many of errs, the last saying how many more there are.
func atMost(shown int, errs gqlerror.List) gqlerror.List {
	if len(errs) <= shown {
		return errs
	}
	more := &gqlerror.Error{
		Message:    fmt.Sprintf("and %d more errors", len(errs)-shown+1),
		Extensions: errs[0].Extensions,
	}
	return append(errs[:shown-1:shown-1], more)
}

// shortened cuts a long message.
func shortened(message string) string { return cutTo(message, messageShown) }

// cutTo cuts a text of more than so many bytes between two characters.
func cutTo(text string, length int) string {
	if len(text) <= length {
		return text
	}
	end := length
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
