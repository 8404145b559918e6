package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// walk puts the mutants of all statements and expressions below a node.
func (s *source) walk(node ast.Node) {
	ast.Inspect(node, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncLit:
			s.body(n.Type, n.Body)
		case *ast.BlockStmt:
			s.statements(n.List)
		case *ast.CaseClause:
			s.statements(n.Body)
			for _, condition := range n.List {
				s.force(condition, false)
			}
		case *ast.CommClause:
			s.statements(n.Body)
		case *ast.IfStmt:
			s.force(n.Cond, true)
			s.force(n.Cond, false)
		case *ast.ForStmt:
			if n.Cond != nil {
				s.force(n.Cond, false)
			}
		case *ast.BinaryExpr:
			s.operands(n)
			s.boundary(n)
		case *ast.CallExpr:
			s.instants(n)
			s.call(n)
		case *ast.CompositeLit:
			s.fields(n)
		case *ast.BasicLit:
			s.statementText(n)
		case *ast.Field:
			return false // types and tags
		case *ast.GenDecl:
			return n.Tok == token.VAR
		}
		return true
	})
}

// statements drops those of a list that can be dropped, and takes the errors from
// those that return one.
func (s *source) statements(list []ast.Stmt) {
	for i, statement := range list {
		if s.canGo(statement) && !s.goesOtherwise(list, i) {
			s.add(statement, "drop "+s.short(statement), "if !mutantIs(#) { ", " }")
		}
		returned, ok := statement.(*ast.ReturnStmt)
		if !ok {
			continue
		}
		for _, result := range returned.Results {
			if isBool(s.info.TypeOf(result)) && len(returned.Results) == 1 {
				s.force(result, true)
				s.force(result, false)
			}
		}
		s.withoutError(returned)
		s.withoutPart(returned)
	}
}

// canGo tells whether what follows a statement compiles without it.
func (s *source) canGo(statement ast.Stmt) bool {
	switch n := statement.(type) {
	case *ast.ExprStmt:
		// Without an unlock there is nothing but a test that never ends.
		return !strings.HasSuffix(s.text(n), "nlock()") && !strings.HasSuffix(s.text(n), "Lock()")
	case *ast.DeferStmt:
		return !strings.HasSuffix(s.text(n), "nlock()")
	case *ast.AssignStmt:
		return n.Tok != token.DEFINE
	case *ast.BranchStmt:
		return n.Tok == token.CONTINUE || n.Tok == token.BREAK
	case *ast.IncDecStmt, *ast.SendStmt, *ast.GoStmt, *ast.ReturnStmt:
		return true
	}
	return false
}

// goesOtherwise tells whether dropping a statement is no fault that others are not:
// the only one of its block is gone with the block's condition, and without a last
// return every function panics.
func (s *source) goesOtherwise(list []ast.Stmt, i int) bool {
	if len(list) == 1 {
		if _, ok := list[0].(*ast.ReturnStmt); ok {
			return true
		}
	}
	_, isReturn := list[i].(*ast.ReturnStmt)
	return isReturn && i == len(list)-1
}

// withoutError lets a return give no error where it gives one.
func (s *source) withoutError(n *ast.ReturnStmt) {
	if len(n.Results) == 0 {
		return
	}
	last := n.Results[len(n.Results)-1]
	t := s.info.TypeOf(last)
	if t == nil || !types.Implements(t, errorInterface) || s.text(last) == "nil" {
		return
	}
	if _, isTuple := t.(*types.Tuple); isTuple {
		return
	}
	results := "nil"
	for i := len(n.Results) - 2; i >= 0; i-- {
		text := s.repeatable(n.Results[i])
		if text == "" {
			return
		}
		results = text + ", " + results
	}
	s.add(n, "no error from "+s.short(n), "if mutantIs(#) { return "+results+" }; ", "")
}

var (
	errorType      = types.Universe.Lookup("error").Type()
	errorInterface = errorType.Underlying().(*types.Interface)
)

func isBool(t types.Type) bool {
	basic, ok := t.(*types.Basic)
	return ok && basic.Info()&types.IsBoolean != 0
}

// force makes a condition always true or false.
func (s *source) force(condition ast.Expr, always bool) {
	switch text := s.text(condition); {
	case !isBool(s.info.TypeOf(condition)), !s.info.Types[condition].IsValue(), always && text == "true", !always && text == "false":
	case always:
		s.add(condition, "always "+s.short(condition), "(mutantIs(#) || (", "))")
	default:
		s.add(condition, "never "+s.short(condition), "(!mutantIs(#) && (", "))")
	}
}

// operands leaves out either side of an "and" or "or".
func (s *source) operands(n *ast.BinaryExpr) {
	if n.Op == token.LAND || n.Op == token.LOR {
		s.force(n.X, n.Op == token.LAND)
		s.force(n.Y, n.Op == token.LAND)
	}
}

// boundary moves the end of a comparison by what is equal.
func (s *source) boundary(n *ast.BinaryExpr) {
	other, ok := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[n.Op]
	x, y := s.repeatable(n.X), s.repeatable(n.Y)
	if ok && x != "" && y != "" {
		s.add(n, other+" in "+s.short(n), "(mutantIs(#) && "+x+other+y+" || !mutantIs(#) && ", ")")
	}
}

// instants does the same for instants.
func (s *source) instants(n *ast.CallExpr) {
	method, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || len(n.Args) != 1 || s.typeName(method.X) != "time.Time" {
		return
	}
	opposite := map[string]string{"Before": "After", "After": "Before"}[method.Sel.Name]
	x, y := s.repeatable(method.X), s.repeatable(n.Args[0])
	if opposite != "" && x != "" && y != "" {
		s.add(n, "or equal in "+s.short(n), "(mutantIs(#) && !"+x+"."+opposite+"("+y+") || !mutantIs(#) && ", ")")
	}
}

func (s *source) typeName(x ast.Expr) string {
	if t := s.info.TypeOf(x); t != nil {
		return t.String()
	}
	return ""
}

// call lets a call give back what it was given, where both are of one type: a
// filter, a restriction, a rounding or a trim that does nothing.
func (s *source) call(n *ast.CallExpr) {
	if fun := s.info.Types[n.Fun]; fun.IsType() || s.info.TypeOf(n) == nil {
		return
	}
	switch s.text(n.Fun) {
	case "append": // dropped as a statement
		return
	case "slices.DeleteFunc":
		s.add(n.Args[1], "nothing deleted by "+s.short(n), "mutantNone(#, ", ")")
		return
	}
	given := slices.Clone(n.Args)
	if method, ok := n.Fun.(*ast.SelectorExpr); ok && s.info.Selections[method] != nil {
		given = append(given, method.X)
	}
	switch result := s.info.TypeOf(n).(type) {
	case *types.Tuple:
		for _, one := range given {
			if result.Len() == 2 && types.Identical(result.At(1).Type(), errorType) && s.stands(one, result.At(0).Type()) {
				s.add(n, "only "+s.text(one)+" from "+s.short(n), "mutantFirst(#, "+s.text(one)+")(", ")")
				return
			}
		}
	default:
		for _, one := range given {
			if s.stands(one, result) {
				s.add(n, "only "+s.text(one)+" from "+s.short(n), "mutantPick(#, "+s.text(one)+", ", ")")
				return
			}
		}
	}
}

// fields leaves out what a literal of a struct is given, but for words.
func (s *source) fields(n *ast.CompositeLit) {
	t := s.info.TypeOf(n)
	if t == nil {
		return
	}
	if _, isStruct := t.Underlying().(*types.Struct); !isStruct {
		return
	}
	for _, element := range n.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && s.text(pair.Key) != "Message" && s.varies(pair.Value) {
			s.add(pair.Value, "without "+s.short(pair), "mutantZero(#, ", ")")
		}
	}
}

// withoutPart leaves out parts of a text that is put together and returned, such as
// a key.
func (s *source) withoutPart(n *ast.ReturnStmt) {
	if len(n.Results) != 1 {
		return
	}
	call, ok := n.Results[0].(*ast.CallExpr)
	if !ok || s.text(call.Fun) != "fmt.Sprintf" {
		return
	}
	for _, part := range call.Args[1:] {
		if s.varies(part) {
			s.add(part, "without "+s.short(part)+" in "+s.short(call), "mutantZero(#, ", ")")
		}
	}
}

// varies tells whether an expression is a value that is no constant and no function.
func (s *source) varies(x ast.Expr) bool {
	value := s.info.Types[x]
	if !value.IsValue() || value.Value != nil || value.IsNil() {
		return false
	}
	basic, isBasic := value.Type.(*types.Basic)
	_, isFunction := value.Type.Underlying().(*types.Signature)
	return !isFunction && !(isBasic && basic.Info()&types.IsUntyped != 0)
}

// stands tells whether an argument is a plain variable of a type.
func (s *source) stands(x ast.Expr, t types.Type) bool {
	switch x.(type) {
	case *ast.Ident, *ast.SelectorExpr:
		value := s.info.Types[x]
		return value.IsValue() && value.Value == nil && types.Identical(value.Type, t) && s.typeName(x) != "context.Context" &&
			s.repeatable(x) != ""
	}
	return false
}
