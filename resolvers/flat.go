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
	found := f.resolve(ctx, field.ArgumentMap(operation.Variables))
	if found.report != nil {
		if document, ok := plan.write(nil, (*answer.Reading)(nil).Node(found.report)); ok {
			return graphql.WriterFunc(func(w io.Writer) { w.Write(document) })
		}
	}
	// An error belongs to a field, which only the ordinary way knows. It is given
	// what was found, so that nothing is read twice.
	return next(context.WithValue(ctx, foundKey{}, found))
}

// found is what a request for a report came to.
type found struct {
	report *usage.Report
	err    error
	// panicked is what the resolver panicked with, and where.
	panicked string
}

// again does what the resolver did.
func (f found) again() (*usage.Report, error) {
	if f.panicked != "" {
		panic(f.panicked)
	}
	return f.report, f.err
}

type foundKey struct{}

// resolve calls the resolver. A panic is kept for the ordinary way, which knows
// how to handle it.
func (f Flat) resolve(ctx context.Context, arguments map[string]any) (result found) {
	argument := func(name string) string {
		value, _ := arguments[name].(string)
		return value
	}
	defer func() {
		if fault := recover(); fault != nil {
			result = found{panicked: fmt.Sprintf("%v\n%s", fault, debug.Stack())}
		}
	}()
	report, err := f.resolver.Report(ctx, usage.Request{
		AccountID:  argument("accountId"),
		CustomerID: argument("customerId"),
		StartDate:  argument("startDate"),
		EndDate:    argument("endDate"),
		TimeZone:   argument("timeZone"),
		Period:     usage.Period(argument("period")),
	})
	return found{report: report, err: err}
}

// writer appends a value to a document. It returns false for a value that cannot
// be written, which the ordinary way turns into an error.
type writer[T any] func(document []byte, value *T) ([]byte, bool)

// object writes the selected fields of a T, in their order.
type object[T any] []member[T]

type member[T any] struct {
	key   string // with quotes and colon
	write writer[T]
}

func (o object[T]) write(document []byte, value *T) ([]byte, bool) {
	document = append(document, '{')
	for i, member := range o {
		if i > 0 {
			document = append(document, ',')
		}
		var ok bool
		document = append(document, member.key...)
		if document, ok = member.write(document, value); !ok {
			return document, false
		}
	}
	return append(document, '}'), true
}

// fields are the fields of a type: for each how to write it as it is selected. A
// nil writer means that the selection is not plain.
type fields[T any] map[string]maker[T]

type maker[T any] func(operation *graphql.OperationContext, field graphql.CollectedField) writer[T]

// plain returns how to write a selection, and whether it is plain.
func plain[T any](operation *graphql.OperationContext, known fields[T], typeName string, selections ast.SelectionSet) (object[T], bool) {
	var plan object[T]
	for _, field := range graphql.CollectFields(operation, selections, []string{typeName}) {
		if len(field.Deferrables) > 0 {
			return nil, false
		}
		var write writer[T]
		if field.Name == "__typename" {
			write = constant[T](typeName)
		} else if make, found := known[field.Name]; found {
			write = make(operation, field)
		}
		if write == nil {
			return nil, false
		}
		plan = append(plan, member[T]{strconv.Quote(field.Alias) + ":", write})
	}
	return plan, true
}

func constant[T any](text string) writer[T] {
	return func(document []byte, _ *T) ([]byte, bool) { return appendText(document, text), true }
}

// leaf makes a field without fields of its own.
func leaf[T any](write writer[T]) maker[T] {
	return func(*graphql.OperationContext, graphql.CollectedField) writer[T] { return write }
}

func textField[T any](get func(*T) string) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) { return appendText(document, get(value)), true })
}

func numberField[T any](get func(*T) int64) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return strconv.AppendInt(document, get(value), 10), true
	})
}

// minutesField is the contract's field of 32 bits.
func minutesField[T any](get func(*T) usage.Usage) maker[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		minutes, err := get(value).Minutes32()
		return strconv.AppendInt(document, int64(minutes), 10), err == nil
	})
}

// shareField is a share, or null where there is nothing to have a part of.
func shareField[T any](get func(*T, answer.Measure) *float64) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) writer[T] {
		of, _ := field.ArgumentMap(operation.Variables)["of"].(string)
		return func(document []byte, value *T) ([]byte, bool) {
			share := get(value, answer.Measure(of))
			if share == nil {
				return append(document, "null"...), true
			}
			return strconv.AppendFloat(document, *share, 'g', -1, 64), true
		}
	}
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

// objectField makes a field that is an object.
func objectField[T, U any](known fields[U], typeName string, get func(*T) *U) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) writer[T] {
		plan, flat := plain(operation, known, typeName, field.Selections)
		if !flat {
			return nil
		}
		return func(document []byte, value *T) ([]byte, bool) { return plan.write(document, get(value)) }
	}
}

// listField makes a field that is a list of objects.
func listField[T, U any](known fields[U], typeName string, get func(*T) []U) maker[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) writer[T] {
		plan, flat := plain(operation, known, typeName, field.Selections)
		if !flat {
			return nil
		}
		return func(document []byte, value *T) ([]byte, bool) {
			document = append(document, '[')
			rows := get(value)
			for i := range rows {
				if i > 0 {
					document = append(document, ',')
				}
				var ok bool
				if document, ok = plan.write(document, &rows[i]); !ok {
					return document, false
				}
			}
			return append(document, ']'), true
		}
	}
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
