/**
 * Reads one request from standard input, `{code | file, function?, output, context}`, and writes `{result}` or `{error}` to
 * what was standard output; the code's own prints go to standard error. Code is an expression, or a body with `return`:
 * the syntax tree is put into a function, so that no text is indented or glued.
 */
export const PYTHON_HARNESS = `
import sys, os, json
answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.stdout = sys.stderr

def compile_code(code):
    import ast
    try:
        return compile(code.strip(), "<assertion>", "eval"), None
    except SyntaxError:
        tree = ast.parse(code, "<assertion>")
        maker = ast.parse("def check(output, context): pass")
        maker.body[0].body = tree.body
        return None, compile(ast.fix_missing_locations(maker), "<assertion>", "exec")

def load_function(path, name):
    import importlib.util
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("assertion_file", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["assertion_file"] = module
    spec.loader.exec_module(module)
    function = module
    for part in name.split("."):
        function = getattr(function, part)
    return function

def run(request):
    output, context = request["output"], request["context"]
    if "file" in request:
        result = load_function(request["file"], request.get("function", "get_assert"))(output, context)
    else:
        expression, body = compile_code(request["code"])
        names = {"output": output, "context": context}
        if expression is not None:
            result = eval(expression, names)
        else:
            exec(body, names)
            result = names["check"](output, context)
    if hasattr(result, "__await__"):
        import asyncio
        async def wait():
            return await result
        result = asyncio.run(wait())
    return result

RENAMED = {"pass_": "pass", "named_scores": "namedScores", "component_results": "componentResults"}

def camel(value):
    if isinstance(value, list):
        return [camel(item) for item in value]
    if isinstance(value, dict):
        return {RENAMED.get(key, key): (camel(item) if RENAMED.get(key, key) == "componentResults" else item) for key, item in value.items()}
    return value

def plain(value):
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "__dict__"):
        return vars(value)
    return str(value)

try:
    request = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    result = run(request)
    if not isinstance(result, (bool, int, float, str, list, dict, type(None))):
        result = plain(result)
    text = json.dumps({"result": camel(result)}, default=plain, allow_nan=False)
except BaseException as error:
    import traceback
    traceback.print_exc()
    text = json.dumps({"error": type(error).__name__ + ": " + str(error)})
answer.write(text)
answer.flush()
`;

/** The same for Ruby. A file defines a method, \`get_assert\` where none is named. */
export const RUBY_HARNESS = `
require "json"
answer = $stdout.dup
$stdout.reopen($stderr)
begin
  request = JSON.parse($stdin.read)
  output, context = request["output"], request["context"]
  result =
    if request["file"]
      load request["file"]
      send((request["function"] || "get_assert").to_sym, output, context)
    else
      check = eval("lambda do |output, context|\\n" + request["code"] + "\\nend", TOPLEVEL_BINDING, "assertion")
      check.call(output, context)
    end
  text = JSON.generate("result" => result)
rescue Exception => error
  warn error.full_message(highlight: false)
  text = JSON.generate("error" => error.class.name + ": " + error.message)
end
answer.write(text)
answer.flush
`;
