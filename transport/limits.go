package transport

import (
	"context"
	"fmt"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// limits bound what one operation may ask for. They are counted on the document,
// so that an operation beyond them is refused before any of it runs, at a cost
// that grows with the document only: each fragment is measured once, however
// often it is spread.
type limits struct {
	// depth is the deepest nesting of fields. The introspection query of
	// GraphiQL needs 13.
	depth int
	// aliases is the most renamed fields, with fragments expanded.
	aliases int
	// rootFields is the most fields of the operation itself: each is a report.
	rootFields int
	// fields is the most fields altogether, with fragments expanded.
	fields int
}

var defaultLimits = limits{depth: 20, aliases: 50, rootFields: 20, fields: 2000}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = limits{}

// ExtensionName names the extension to gqlgen.
func (limits) ExtensionName() string { return "Limits" }

// Validate finds nothing wrong with any schema.
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses an operation that asks for too much. It runs
// after the document was validated, so that fragments exist and do not contain
// themselves.
func (l limits) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	measured := measurer{fragments: map[string]size{}}
	whole := measured.of(operation.Operation.SelectionSet)
	for _, bound := range []struct {
		what       string
		asked, max int
	}{
		{"levels of fields", whole.depth, l.depth},
		{"aliases", whole.aliases, l.aliases},
		{"fields at its root", whole.roots, l.rootFields},
		{"fields", whole.fields, l.fields},
	} {
		if bound.asked > bound.max {
			return &gqlerror.Error{
				Message:    fmt.Sprintf("the operation has more than %d %s", bound.max, bound.what),
				Extensions: map[string]any{"code": "OPERATION_TOO_LARGE"},
			}
		}
	}
	return nil
}

// size is how much a selection asks for, with fragments expanded. Sums stop at
// the largest number instead of wrapping.
type size struct{ depth, aliases, roots, fields int }

func (s size) and(other size) size {
	return size{
		depth:   max(s.depth, other.depth),
		aliases: sum(s.aliases, other.aliases),
		roots:   sum(s.roots, other.roots),
		fields:  sum(s.fields, other.fields),
	}
}

func sum(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// measurer measures selections and remembers fragments.
type measurer struct{ fragments map[string]size }

func (m measurer) of(selections ast.SelectionSet) (total size) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			below := m.of(selection.SelectionSet)
			field := size{depth: below.depth + 1, aliases: below.aliases, roots: 1, fields: sum(below.fields, 1)}
			if selection.Alias != selection.Name {
				field.aliases = sum(field.aliases, 1)
			}
			total = total.and(field)
		case *ast.InlineFragment:
			total = total.and(m.of(selection.SelectionSet))
		case *ast.FragmentSpread:
			measured, known := m.fragments[selection.Name]
			if !known {
				measured = m.of(selection.Definition.SelectionSet)
				m.fragments[selection.Name] = measured
			}
			total = total.and(measured)
		}
	}
	return total
}

// errorsShown is the most errors in the answer to a request that is not valid.
const errorsShown = 10

// firstErrors returns at most errorsShown of errs, the last saying how many more
// there are.
func firstErrors(errs gqlerror.List) gqlerror.List {
	if len(errs) <= errorsShown {
		return errs
	}
	more := &gqlerror.Error{
		Message:    fmt.Sprintf("and %d more errors", len(errs)-errorsShown+1),
		Extensions: errs[0].Extensions,
	}
	return append(errs[:errorsShown-1:errorsShown-1], more)
}
