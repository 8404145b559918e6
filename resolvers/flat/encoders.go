package flat

import (
	"context"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/listing"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/selection"
	"aiusage/usage"
)

// The encoders of fields by their type.

// leaf makes a field that has no fields of its own and needs nothing but its value.
func leaf[T any](encode func(document []byte, value *T) ([]byte, bool)) encoderOf[T] {
	return func(*graphql.OperationContext, graphql.CollectedField) (encoder[T], bool) {
		return func(_ context.Context, document []byte, value *T) ([]byte, bool) { return encode(document, value) }, false
	}
}

func textField[T any](get func(*T) string) encoderOf[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) { return appendText(document, get(value)), true })
}

// idField is an id, which has no character that JSON escapes.
func idField[T any](get func(*T) answer.Node) encoderOf[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return append(get(value).AppendID(append(document, '"')), '"'), true
	})
}

// numberField is a number of 64 bits, which may have been asked for as text.
func numberField[T any](get func(*T) int64) encoderOf[T] {
	return func(operation *graphql.OperationContext, _ graphql.CollectedField) (encoder[T], bool) {
		asText := answer.Int64IsText(operation)
		return func(_ context.Context, document []byte, value *T) ([]byte, bool) {
			return answer.AppendInt64(document, get(value), asText), true
		}, false
	}
}

// smallField is a number of 32 bits.
func smallField[T any](get func(*T) int32) encoderOf[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return strconv.AppendInt(document, int64(get(value)), 10), true
	})
}

func truthField[T any](get func(*T) bool) encoderOf[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		return strconv.AppendBool(document, get(value)), true
	})
}

// minutesField is the contract's field of 32 bits.
func minutesField[T any](get func(*T) usage.Usage) encoderOf[T] {
	return leaf(func(document []byte, value *T) ([]byte, bool) {
		minutes, err := get(value).Minutes32()
		return strconv.AppendInt(document, int64(minutes), 10), err == nil
	})
}

func timeField[T any](get func(*T) *time.Time) encoderOf[T] {
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
func shareField[T any](get func(*T, listing.Measure) *float64) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		of, _ := field.ArgumentMap(operation.Variables)["of"].(string)
		return func(_ context.Context, document []byte, value *T) ([]byte, bool) {
			share := get(value, listing.Measure(of))
			if share == nil {
				return append(document, "null"...), true
			}
			return strconv.AppendFloat(document, *share, 'g', -1, 64), true
		}, false
	}
}

// nameField is a name, which is read, or null where there is none.
func nameField[T any](get func(*T, context.Context) (*string, error)) encoderOf[T] {
	return func(*graphql.OperationContext, graphql.CollectedField) (encoder[T], bool) {
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
func objectField[T, U any](of shape[U], get func(*T) *U) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		selected, flat := plain(operation, of, field.Selections)
		if !flat {
			return nil, false
		}
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			return selected.write(ctx, document, get(value))
		}, selected.reads
	}
}

// readField makes a field that is what something is compared with, which is read, or null.
func readField[T, U any](of func() shape[U], get func(*T, usage.Comparison) (*U, error)) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		selected, flat := plain(operation, of(), field.Selections)
		comparison, understood := comparisonTo(field.ArgumentMap(operation.Variables))
		if !flat || !understood {
			return nil, false
		}
		comparison.Another = field.Name == "compareTo"
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			below, err := get(value, comparison)
			if err != nil {
				return document, false
			}
			if below == nil {
				return append(document, "null"...), true
			}
			return selected.write(ctx, document, below)
		}, true
	}
}

// rowsField makes a field that is a list of rows, of which some may be chosen.
func rowsField[T, U any](of shape[U], get func(*T, context.Context, answer.Choice) ([]U, error)) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		selected, flat := plain(operation, of, field.Selections)
		choice, understood := choiceOf(field.ArgumentMap(operation.Variables))
		if !flat || !understood {
			return nil, false
		}
		width := selection.Values(operation, field.Selections, of.typeName)
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			rows, err := get(value, ctx, choice)
			if err != nil || answer.SpendRows(ctx, len(rows), width, answer.Flat) != nil {
				return document, false
			}
			return selected.writeAll(ctx, document, rows)
		}, selected.reads || !choice.IsPlain()
	}
}

// listField makes a field that is a list of objects.
func listField[T, U any](of shape[U], get func(*T) []U) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		selected, flat := plain(operation, of, field.Selections)
		if !flat {
			return nil, false
		}
		width := selection.Values(operation, field.Selections, of.typeName)
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			rows := get(value)
			if answer.SpendRows(ctx, len(rows), width, answer.Flat) != nil {
				return document, false
			}
			return selected.writeAll(ctx, document, rows)
		}, selected.reads
	}
}

// seriesField makes a field that is a series, which is read.
func seriesField[T any](get func(*T, context.Context, usage.Step, bool) ([]answer.Point, error)) encoderOf[T] {
	return func(operation *graphql.OperationContext, field graphql.CollectedField) (encoder[T], bool) {
		selected, flat := plain(operation, points, field.Selections)
		if !flat {
			return nil, false
		}
		width := selection.Values(operation, field.Selections, points.typeName)
		arguments := field.ArgumentMap(operation.Variables)
		granularity, _ := arguments["granularity"].(string)
		fillZero, _ := arguments["fillZero"].(bool)
		return func(ctx context.Context, document []byte, value *T) ([]byte, bool) {
			series, err := get(value, ctx, usage.Step(granularity), fillZero)
			if err != nil || answer.SpendPoints(ctx, len(series), width, answer.Flat) != nil {
				return document, false
			}
			return selected.writeAll(ctx, document, series)
		}, true
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
