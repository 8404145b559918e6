package answer

import (
	"context"
	"encoding/json"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/usage"
)

// Int64Extension is the extension of a request that says how whole numbers of 64 bits are
// written, and Int64AsText the value that has them written as strings.
const (
	Int64Extension = "int64"
	Int64AsText    = "text"
)

// Int64IsText tells whether an operation has asked for whole numbers of 64 bits as text,
// because whoever reads them has floating-point numbers only.
func Int64IsText(operation *graphql.OperationContext) bool {
	return operation != nil && operation.Extensions[Int64Extension] == Int64AsText
}

// AppendInt64 appends a whole number as a number or as a text.
func AppendInt64(document []byte, number int64, asText bool) []byte {
	if !asText {
		return strconv.AppendInt(document, number, 10)
	}
	return append(strconv.AppendInt(append(document, '"'), number, 10), '"')
}

// MarshalInt64 writes the scalar Int64 as the operation has asked for it.
func MarshalInt64(number int64) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		asText := graphql.HasOperationContext(ctx) && Int64IsText(graphql.GetOperationContext(ctx))
		_, err := w.Write(AppendInt64(nil, number, asText))
		return err
	})
}

// UnmarshalInt64 reads the scalar Int64 from a number or a text. The error is an
// InvalidArgument.
func UnmarshalInt64(_ context.Context, value any) (int64, error) {
	var text string
	switch value := value.(type) {
	case json.Number:
		text = value.String()
	case string:
		text = value
	case int64:
		return value, nil
	case int:
		return int64(value), nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, usage.Errorf(usage.InvalidArgument, "a number cannot be read").Accepting("a whole number of up to 64 bits")
	}
	return number, nil
}
