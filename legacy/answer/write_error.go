package answer

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"aiusage/legacy/contract"
)

// WriteError answers an error in a format.
func WriteError(w http.ResponseWriter, r *http.Request, f *contract.ErrorResponse, as contract.Format) {
	header := w.Header()
	for name, values := range f.Header {
		header[name] = values
	}
	var body []byte
	if f.Code != "" {
		header.Set("Content-Type", contract.ContentTypes[as])
		body = errorDocument(f, as)
	}
	writeStatus(w, r, f.Status, f.Reason, body)
}

// errorDocument writes the ErrorResponse (facts 15 and 16).
func errorDocument(f *contract.ErrorResponse, as contract.Format) []byte {
	var body bytes.Buffer
	s := newStream(context.Background(), &body)
	switch as {
	case contract.XML:
		xmlError(s, f)
	case contract.JSV:
		jsvError(s, f)
	case contract.CSV:
		csvError(s, f)
	case contract.HTML:
		htmlError(s, f)
	default:
		jsonError(s, f)
	}
	s.close() // to memory: cannot fail
	return body.Bytes()
}

// jsonError writes the body of fact 15.
func jsonError(s *stream, f *contract.ErrorResponse) {
	s.text(`{"responseStatus":{"errorCode":`)
	s.jsonString(f.Code)
	s.text(`,"message":`)
	s.jsonString(f.Message)
	s.text(`,"errors":[`)
	if f.Field != "" {
		s.text(`{"errorCode":`)
		s.jsonString(f.Code)
		s.text(`,"fieldName":`)
		s.jsonString(f.Field)
		s.text(`,"message":`)
		s.jsonString(f.Detail)
		s.char('}')
	}
	s.char(']')
	if f.BatchIndex != nil { // fact 23
		s.text(`,"meta":{"AutoBatchIndex":"`)
		s.number(int64(*f.BatchIndex))
		s.text(`"}`)
	}
	s.text("}}")
}

const errorAttributes = ` xmlns:i="` + contract.InstanceNamespace + `" xmlns="` + contract.ErrorNamespace + `"`

// xmlError writes the body of fact 16.
func xmlError(s *stream, f *contract.ErrorResponse) {
	s.text(contract.XMLDeclaration + "<ErrorResponse" + errorAttributes + "><ResponseStatus><ErrorCode>")
	s.xmlWords(f.Code)
	s.text("</ErrorCode><Message>")
	s.xmlWords(f.Message)
	s.text(`</Message><StackTrace i:nil="true" />`)
	if f.Field == "" {
		s.text("<Errors />")
	} else {
		s.text("<Errors><ResponseError><ErrorCode>")
		s.xmlWords(f.Code)
		s.text("</ErrorCode><FieldName>")
		s.xmlWords(f.Field)
		s.text("</FieldName><Message>")
		s.xmlWords(f.Detail)
		s.text(`</Message><Meta xmlns:d5p1="` + contract.ArraysNamespace + `" i:nil="true" /></ResponseError></Errors>`)
	}
	if f.BatchIndex == nil {
		s.text(`<Meta xmlns:d3p1="` + contract.ArraysNamespace + `" i:nil="true" />`)
	} else { // fact 23
		s.text(`<Meta xmlns:d3p1="` + contract.ArraysNamespace + `"><d3p1:KeyValueOfstringstring><d3p1:Key>AutoBatchIndex</d3p1:Key><d3p1:Value>`)
		s.number(int64(*f.BatchIndex))
		s.text("</d3p1:Value></d3p1:KeyValueOfstringstring></Meta>")
	}
	s.text("</ResponseStatus></ErrorResponse>")
}

// xmlWords writes words for a person: what XML cannot hold is replaced.
func (s *stream) xmlWords(text string) {
	s.xmlText(strings.Map(func(r rune) rune {
		if contract.IsXMLChar(r) {
			return r
		}
		return '\uFFFD'
	}, text))
}

// jsvError writes the body of fact 15 as JSV.
func jsvError(s *stream, f *contract.ErrorResponse) {
	s.text("{responseStatus:")
	jsvStatus(s, f, `"`)
	s.char('}')
}

// csvError writes the body of fact 16: a header and one JSV cell.
func csvError(s *stream, f *contract.ErrorResponse) {
	s.text("ResponseStatus\r\n\"")
	jsvStatus(s, f, `""`)
	s.text("\"\r\n")
}

func jsvStatus(s *stream, f *contract.ErrorResponse, quote string) {
	s.text("{errorCode:")
	s.jsvText(f.Code, quote)
	s.text(",message:")
	s.jsvText(f.Message, quote)
	s.text(",errors:[")
	if f.Field != "" {
		s.text("{errorCode:")
		s.jsvText(f.Code, quote)
		s.text(",fieldName:")
		s.jsvText(f.Field, quote)
		s.text(",message:")
		s.jsvText(f.Detail, quote)
		s.char('}')
	}
	s.char(']')
	if f.BatchIndex != nil {
		s.text(",meta:{AutoBatchIndex:" + strconv.Itoa(*f.BatchIndex) + "}")
	}
	s.char('}')
}

// htmlError writes a page that says what was wrong.
func htmlError(s *stream, f *contract.ErrorResponse) {
	s.text(htmlHead + "<p>")
	s.htmlText(f.Code)
	s.text(": ")
	s.htmlText(f.Message)
	s.text("</p>" + htmlFoot)
}
