package resolvers

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/resolvers/answer"
	"aiusage/usage"
)

// Flat is a gqlgen extension that writes usage reports without gqlgen's
// machinery where a query asks for plain fields only, as most do. gqlgen starts a
// goroutine for each object of a list and allocates each of its fields, which
// takes longer than the database does to answer. The bytes are the same, and
// whatever Flat does not know, or cannot write, goes the usual path.
type Flat struct{ resolver *Resolver }

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
} = Flat{}

// ExtensionName names the extension to gqlgen.
func (Flat) ExtensionName() string { return "Flat" }

// Validate finds nothing wrong with any schema.
func (Flat) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField answers aiUsage, or leaves it to next.
func (f Flat) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if field.Field == nil || field.Name != "aiUsage" {
		return next(ctx)
	}
	operation := graphql.GetOperationContext(ctx)
	arguments := field.ArgumentMap(operation.Variables)
	selected, flat := plain(operation, reportFields, "AIUsage", field.Selections)
	request, understood := requestOfArguments(arguments)
	if !flat || !understood {
		return next(ctx)
	}
	request.Level = levelOf(operation, field.Selections)
	found := f.resolve(ctx, request, selected.reads)
	if found.report != nil {
		if document, ok := selected.document(ctx, found.report); ok {
			return graphql.WriterFunc(func(w io.Writer) { w.Write(document) })
		}
	}
	// An error belongs to a field, which only the usual path knows. It is given
	// what was found, so that nothing is read twice.
	return next(context.WithValue(ctx, foundKey{}, found))
}

// found is what a request for a report came to.
type found struct {
	report *answer.Report
	err    error
}

// again does what the resolver did.
func (f found) again() (*answer.Report, error) {
	if panicked, ok := errors.AsType[*usage.Panic](f.err); ok {
		panic(panicked)
	}
	return f.report, f.err
}

type foundKey struct{}

// resolve reads the report, from one state of the database with what is read below
// it. A panic is kept for the usual path, which knows how to handle it.
func (f Flat) resolve(ctx context.Context, request usage.Request, readsBelow bool) (result found) {
	err := usage.Safely(func() error {
		result = f.read(ctx, request, readsBelow)
		return nil
	})
	if err != nil {
		return found{err: err}
	}
	return result
}

func (f Flat) read(ctx context.Context, request usage.Request, readsBelow bool) found {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return found{err: err}
	}
	if selections := graphql.GetOperationContext(ctx).Operation.SelectionSet; len(selections) == 1 {
		if _, isField := selections[0].(*ast.Field); isField {
			reading.Alone() // one field after the other is written
		}
	}
	if !readsBelow {
		report, err := f.resolver.Report(ctx, request)
		if err != nil {
			return found{err: err}
		}
		return found{report: reading.Node(report)}
	}
	query, err := request.Query(f.resolver.zone, time.Now())
	if err != nil {
		return found{err: err}
	}
	report, err := reading.Report(query)
	return found{report: report, err: err}
}

// encoder appends a value to a document. It returns false for a value that cannot
// be written or read, which the usual path turns into an error.
type encoder[T any] func(ctx context.Context, document []byte, value *T) ([]byte, bool)

// object writes the selected fields of a T, in their order.
type object[T any] struct {
	members []member[T]
	// reads tells whether more than the report has to be read.
	reads bool
}

type member[T any] struct {
	key    string // with quotes and colon
	encode encoder[T]
}

// document returns a value as a document of its own.
func (o object[T]) document(ctx context.Context, value *T) ([]byte, bool) {
	document, _, ok := attempt(ctx, func(ctx context.Context) ([]byte, bool) { return o.write(ctx, nil, value) })
	return document, ok
}

func (o object[T]) write(ctx context.Context, document []byte, value *T) ([]byte, bool) {
	document = append(document, '{')
	for i, member := range o.members {
		if i > 0 {
			document = append(document, ',')
		}
		var ok bool
		document = append(document, member.key...)
		if document, ok = member.encode(ctx, document, value); !ok {
			return document, false
		}
	}
	return append(document, '}'), true
}

// fields are the fields of a type: for each how to write it as it is selected.
type fields[T any] map[string]encoderOf[T]

// encoderOf makes the encoder of a field. It returns nil where the selection is not
// plain, and tells whether more than the report has to be read.
type encoderOf[T any] func(operation *graphql.OperationContext, field graphql.CollectedField) (encode encoder[T], reads bool)

// plain returns how to write a selection, and whether it is plain.
func plain[T any](operation *graphql.OperationContext, known fields[T], typeName string, selections ast.SelectionSet) (object[T], bool) {
	var selected object[T]
	for _, field := range graphql.CollectFields(operation, selections, satisfiedBy(typeName)) {
		if len(field.Deferrables) > 0 {
			return object[T]{}, false
		}
		var encode encoder[T]
		var reads bool
		if field.Name == "__typename" {
			encode = constant[T](typeName)
		} else if encoderFor, found := known[field.Name]; found {
			encode, reads = encoderFor(operation, field)
		}
		if encode == nil {
			return object[T]{}, false
		}
		selected.members = append(selected.members, member[T]{strconv.Quote(field.Alias) + ":", encode})
		selected.reads = selected.reads || reads
	}
	return selected, true
}

// nodeTypes are the types with an id.
var nodeTypes = []string{"AIUsage", "AIUsageTotals", "AIAccountUsage", "AICustomerUsage", "AIUsagePoint", "Account", "Customer", "Viewer", "AISession"}

// satisfiedBy returns the types that a value of a type is of, for fragments.
func satisfiedBy(typeName string) []string {
	if slices.Contains(nodeTypes, typeName) {
		return []string{typeName, "Node"}
	}
	return []string{typeName}
}

func constant[T any](text string) encoder[T] {
	return func(_ context.Context, document []byte, _ *T) ([]byte, bool) { return appendText(document, text), true }
}

// rowsToGuess is after how many rows of a list it is guessed how long all of it will be, so
// that what is written is not copied again and again as it grows.
const rowsToGuess = 64

// writeAll writes a list.
func (o object[T]) writeAll(ctx context.Context, document []byte, values []T) ([]byte, bool) {
	document = append(document, '[')
	begin := len(document)
	for i := range values {
		if (i%rowsBetweenChecks == 0 || i == rowsToGuess) && answer.Wanted(ctx) != nil {
			return document, false
		}
		if i == rowsToGuess {
			document = slices.Grow(document, (len(document)-begin)/rowsToGuess*(len(values)-i)*9/8)
		}
		if i > 0 {
			document = append(document, ',')
		}
		var ok bool
		if document, ok = o.write(ctx, document, &values[i]); !ok {
			return document, false
		}
	}
	return append(document, ']'), true
}
