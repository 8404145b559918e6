package flat

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
	"aiusage/resolvers/selection"
	"aiusage/usage"
)

// Extension is the fast path as a gqlgen extension.
type Extension struct {
	// Report answers a request of which nothing more is selected than the report has.
	Report usage.Reporter
	// ReportWith answers a query in a reading for all that is selected.
	ReportWith func(ctx context.Context, reading *answer.Reading, query usage.Query, selections ast.SelectionSet) (*answer.Report, error)
	// Zone is where days without a time zone are understood. nil means UTC.
	Zone *time.Location
}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
	graphql.FieldInterceptor
} = Extension{}

// ExtensionName names the extension to gqlgen.
func (Extension) ExtensionName() string { return "Flat" }

// Validate finds nothing wrong with any schema.
func (Extension) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField answers aiUsage, or leaves it to next.
func (e Extension) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if field.Field == nil || field.Name != "aiUsage" {
		return next(ctx)
	}
	operation := graphql.GetOperationContext(ctx)
	selected, flat := plain(operation, reports, field.Selections)
	request, understood := RequestOf(field.ArgumentMap(operation.Variables))
	if !flat || !understood {
		return next(ctx)
	}
	request.Level = selection.LevelOf(operation, field.Selections)
	report, err := e.resolve(ctx, request, field.Selections, selected.reads)
	if report != nil {
		if document, ok := selected.document(ctx, report); ok {
			return graphql.WriterFunc(func(w io.Writer) { w.Write(document) })
		}
	}
	// An error belongs to a field, which only the usual path knows. It is given
	// what was found, so that nothing is read twice.
	return next(answer.WithFound(ctx, report, err))
}

// Found returns what the fast path has read already for a root field that it left to the usual
// path. Where it has panicked, so does this.
func Found(ctx context.Context) (report *answer.Report, done bool, err error) {
	report, done, err = answer.Found(ctx)
	if panicked, ok := errors.AsType[*usage.Panic](err); ok {
		panic(panicked)
	}
	return report, done, err
}

// IsPlain tells whether a selection of a report is written past gqlgen, and whether more than
// the report has to be read for it.
func IsPlain(operation *graphql.OperationContext, selections ast.SelectionSet) (flat, reads bool) {
	selected, flat := plain(operation, reports, selections)
	return flat, selected.reads
}

// resolve reads the report, from one state of the database with what is read below
// it. A panic is kept for the usual path, which knows how to handle it.
func (e Extension) resolve(ctx context.Context, request usage.Request, selections ast.SelectionSet, readsBelow bool) (report *answer.Report, err error) {
	panicked := usage.Safely(func() error {
		report, err = e.read(ctx, request, selections, readsBelow)
		return nil
	})
	if panicked != nil {
		return nil, panicked
	}
	return report, err
}

func (e Extension) read(ctx context.Context, request usage.Request, selections ast.SelectionSet, readsBelow bool) (*answer.Report, error) {
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	if roots := graphql.GetOperationContext(ctx).Operation.SelectionSet; len(roots) == 1 {
		if _, isField := roots[0].(*ast.Field); isField {
			reading.Alone() // one field after the other is written
		}
	}
	if !readsBelow {
		report, err := e.Report(ctx, request)
		if err != nil {
			return nil, err
		}
		return reading.Node(report), nil
	}
	query, err := request.Query(e.Zone, time.Now())
	if err != nil {
		return nil, err
	}
	return e.ReportWith(ctx, reading, query, selections)
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

// shape is a type of the schema, with its plain fields: for each how to write it as it is
// selected.
type shape[T any] struct {
	typeName string
	fields   fields[T]
}

type fields[T any] map[string]encoderOf[T]

// encoderOf makes the encoder of a field. It returns nil where the selection is not
// plain, and tells whether more than the report has to be read.
type encoderOf[T any] func(operation *graphql.OperationContext, field graphql.CollectedField) (encode encoder[T], reads bool)

// plain returns how to write a selection, and whether it is plain.
func plain[T any](operation *graphql.OperationContext, of shape[T], selections ast.SelectionSet) (object[T], bool) {
	var selected object[T]
	for _, field := range selection.Fields(operation, selections, of.typeName) {
		if len(field.Deferrables) > 0 {
			return object[T]{}, false
		}
		var encode encoder[T]
		var reads bool
		if field.Name == "__typename" {
			encode = constant[T](of.typeName)
		} else if encoderFor, found := of.fields[field.Name]; found {
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
