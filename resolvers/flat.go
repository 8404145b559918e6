package resolvers

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
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
// whatever Flat does not know, or cannot write, goes the ordinary way.
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
	plan, flat := plain(operation, reportFields, "AIUsage", field.Selections)
	if !flat {
		return next(ctx)
	}
	found := f.resolve(ctx, field.ArgumentMap(operation.Variables), plan.reads)
	if found.report != nil {
		if document, ok := plan.document(ctx, found.report); ok {
			return graphql.WriterFunc(func(w io.Writer) { w.Write(document) })
		}
	}
	// An error belongs to a field, which only the ordinary way knows. It is given
	// what was found, so that nothing is read twice.
	return next(context.WithValue(ctx, foundKey{}, found))
}

// found is what a request for a report came to.
type found struct {
	report *answer.Report
	err    error
	// panicked is what the resolver panicked with, and where.
	panicked string
}

// again does what the resolver did.
func (f found) again() (*answer.Report, error) {
	if f.panicked != "" {
		panic(f.panicked)
	}
	return f.report, f.err
}

type foundKey struct{}

// resolve reads the report, from one state of the database with what is read below
// it. A panic is kept for the ordinary way, which knows how to handle it.
func (f Flat) resolve(ctx context.Context, arguments map[string]any, readsBelow bool) (result found) {
	argument := func(name string) string {
		value, _ := arguments[name].(string)
		return value
	}
	defer func() {
		if fault := recover(); fault != nil {
			result = found{panicked: fmt.Sprintf("%v\n%s", fault, debug.Stack())}
		}
	}()
	reading, err := answer.FromContext(ctx)
	if err != nil {
		return found{err: err}
	}
	request := usage.Request{
		AccountID:  argument("accountId"),
		CustomerID: argument("customerId"),
		StartDate:  argument("startDate"),
		EndDate:    argument("endDate"),
		TimeZone:   argument("timeZone"),
		Period:     usage.Period(argument("period")),
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

// writer appends a value to a document. It returns false for a value that cannot
// be written or read, which the ordinary way turns into an error.
type writer[T any] func(ctx context.Context, document []byte, value *T) ([]byte, bool)

// object writes the selected fields of a T, in their order.
type object[T any] struct {
	members []member[T]
	// reads tells whether more than the report has to be read.
	reads bool
}

type member[T any] struct {
	key   string // with quotes and colon
	write writer[T]
}

// document returns a value as a document of its own.
func (o object[T]) document(ctx context.Context, value *T) (document []byte, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // the ordinary way comes to the same, and says so
		}
	}()
	return o.write(ctx, nil, value)
}

func (o object[T]) write(ctx context.Context, document []byte, value *T) ([]byte, bool) {
	document = append(document, '{')
	for i, member := range o.members {
		if i > 0 {
			document = append(document, ',')
		}
		var ok bool
		document = append(document, member.key...)
		if document, ok = member.write(ctx, document, value); !ok {
			return document, false
		}
	}
	return append(document, '}'), true
}

// fields are the fields of a type: for each how to write it as it is selected.
type fields[T any] map[string]maker[T]

// maker makes the writer of a field. It returns nil where the selection is not
// plain, and tells whether more than the report has to be read.
type maker[T any] func(operation *graphql.OperationContext, field graphql.CollectedField) (write writer[T], reads bool)

// plain returns how to write a selection, and whether it is plain.
func plain[T any](operation *graphql.OperationContext, known fields[T], typeName string, selections ast.SelectionSet) (object[T], bool) {
	var plan object[T]
	for _, field := range graphql.CollectFields(operation, selections, []string{typeName}) {
		if len(field.Deferrables) > 0 {
			return object[T]{}, false
		}
		var write writer[T]
		var reads bool
		if field.Name == "__typename" {
			write = constant[T](typeName)
		} else if make, found := known[field.Name]; found {
			write, reads = make(operation, field)
		}
		if write == nil {
			return object[T]{}, false
		}
		plan.members = append(plan.members, member[T]{strconv.Quote(field.Alias) + ":", write})
		plan.reads = plan.reads || reads
	}
	return plan, true
}

func constant[T any](text string) writer[T] {
	return func(_ context.Context, document []byte, _ *T) ([]byte, bool) { return appendText(document, text), true }
}

// leaf makes a field that has no fields of its own and needs nothing but its value.
func leaf[T any](write func(document []byte, value *T) ([]byte, bool)) maker[T] {
	return func(*graphql.OperationContext, graphql.CollectedField) (writer[T], bool) {
		return func(_ context.Context, document []byte, value *T) ([]byte, bool) { return write(document, value) }, false
	}
}

func textField[T any](get func(*T) string) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) { return appendText(document, get(value)), true })
}

func numberField[T any](get func(*T) int64) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return strconv.AppendInt(document, get(value), 10), true
	})
}

func truthField[T any](get func(*T) bool) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return strconv.AppendBool(document, get(value)), true
	})
}

// minutesField is the contract's field of 32 bits.
func minutesField[T any](get func(*T) usage.Usage) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		minutes, err := get(value).Minutes32()
		return strconv.AppendInt(document, int64(minutes), 10), err == nil
	})
}

func timeField[T any](get func(*T) *time.Time) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		instant := get(value)
		if instant == nil {
			return append(document, "null"...), true
		}
		if instant.IsZero() {
			return document, false
		}
		return append(instant.AppendFormat(append(document, '"'), time.RFC3339Nano), '"'), true
	})
}

// shareField is a share, or null where there is nothing to have a part of.
func shareField[T any](get func(*T, answer.Measure) *float64) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (writer[T], bool) {
		of, _ := field.ArgumentMap(operation.Variables)["of"].(string)
		return func(_ context.Context, document []byte, value *T) ([]byte, bool) {
			share := get(value, answer.Measure(of))
			if share == nil {
				return append(document, "null"...), true
			}
			return strconv.AppendFloat(document, *share, 'g', -1, 64), true
		}, false
	}
}

// nameField is a name, which is read, or null where there is none.
func nameField[T any](get func(*T, context.Context) (*string, error)) maker[T] {
	return func(*graphql.OperationContext, graphql.CollectedField) (writer[T], bool) {
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			name, err := get(value, ctx)
			if err != nil {
				return document, false
			}
			if name == nil {
				return append(document, "null"...), true
			}
			return appendText(document, *name), true
		}, true
	}
}

// objectField makes a field that is an object.
func objectField[T, U any](known fields[U], typeName string, get func(*T) *U) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (writer[T], bool) {
		plan, flat := plain(operation, known, typeName, field.Selections)
		if !flat {
			return nil, false
		}
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			return plan.write(ctx, document, get(value))
		}, plan.reads
	}
}

// readField makes a field that is an object, which is read, or null.
func readField[T, U any](known func() fields[U], typeName string, get func(*T) (*U, error)) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (writer[T], bool) {
		plan, flat := plain(operation, known(), typeName, field.Selections)
		if !flat {
			return nil, false
		}
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			below, err := get(value)
			if err != nil {
				return document, false
			}
			if below == nil {
				return append(document, "null"...), true
			}
			return plan.write(ctx, document, below)
		}, true
	}
}

// listField makes a field that is a list of objects.
func listField[T, U any](known fields[U], typeName string, get func(*T) []U) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (writer[T], bool) {
		plan, flat := plain(operation, known, typeName, field.Selections)
		if !flat {
			return nil, false
		}
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			return plan.writeAll(ctx, document, get(value))
		}, plan.reads
	}
}

// seriesField makes a field that is a series, which is read.
func seriesField[T any](get func(*T, context.Context, usage.Step, bool) ([]answer.Point, error)) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (writer[T], bool) {
		plan, flat := plain(operation, pointFields, "AIUsagePoint", field.Selections)
		if !flat {
			return nil, false
		}
		arguments := field.ArgumentMap(operation.Variables)
		granularity, _ := arguments["granularity"].(string)
		fillZero, _ := arguments["fillZero"].(bool)
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			points, err := get(value, ctx, usage.Step(granularity), fillZero)
			if err != nil {
				return document, false
			}
			return plan.writeAll(ctx, document, points)
		}, true
	}
}

// writeAll writes a list.
func (o object[T]) writeAll(ctx context.Context, document []byte, values []T) ([]byte, bool) {
	document = append(document, '[')
	for i := range values {
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

// appendText appends a JSON string as gqlgen writes it.
func appendText(document []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' {
			quoted := appender{document}
			graphql.MarshalString(text).MarshalGQL(&quoted)
			return quoted.document
		}
	}
	return append(append(append(document, '"'), text...), '"')
}

// appender is a document as an io.Writer.
type appender struct{ document []byte }

func (a *appender) Write(data []byte) (int, error) {
	a.document = append(a.document, data...)
	return len(data), nil
}
