export * from './result.ts';
export * from './result-file.ts';
export * from './example-result.ts';
export * from './report/build-report.ts';
export * from './report/html.ts';
export * from './report/markdown.ts';
