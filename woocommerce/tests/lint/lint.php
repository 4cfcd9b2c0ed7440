<?php
/**
 * Compiles every PHP file below a folder without running any: `php lint.php FOLDER`.
 *
 * One process for all of them, which `php -l` can do only since 8.3. Each file gets a `return;` where its first
 * statement would stand, so that it is compiled whole, deprecations told, and nothing of it happens.
 */

set_error_handler(
	static function ( $level, $message, $file, $line ) {
		throw new ErrorException( $message, 0, $level, $file, $line );
	}
);

/** Where the first statement stands: after `<?php`, `declare(…);` and `namespace …;`. */
function first_statement( $code ) {
	$offset = $end = 0;
	$inside = false;
	foreach ( token_get_all( $code ) as $token ) {
		$text    = is_array( $token ) ? $token[1] : $token;
		$kind    = is_array( $token ) ? $token[0] : $token;
		$offset += strlen( $text );
		if ( T_OPEN_TAG === $kind || ( $inside && ';' === $kind ) ) {
			$end    = $offset;
			$inside = false;
		} elseif ( T_DECLARE === $kind || T_NAMESPACE === $kind ) {
			$inside = true;
		} elseif ( ! $inside && ! in_array( $kind, array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true ) ) {
			break;
		}
	}
	return $end;
}

$files  = array();
$failed = 0;
foreach ( new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $argv[1], FilesystemIterator::SKIP_DOTS ) ) as $file ) {
	if ( 'php' === $file->getExtension() ) {
		$files[] = $file->getPathname();
	}
}
sort( $files );
$current = '';
register_shutdown_function(
	static function () use ( &$current ) {
		if ( '' !== $current ) {
			echo "in $current\n";
		}
	}
);
foreach ( $files as $current ) {
	$code = file_get_contents( $current );
	$at   = first_statement( $code );
	try {
		if ( 0 !== strpos( $code, '<?php' ) ) {
			throw new ParseError( 'does not begin with <?php' );
		}
		// Without its opening tag, because `declare( strict_types=1 )` must be the very first thing.
		eval( substr( $code, strlen( '<?php' ), $at - strlen( '<?php' ) ) . ' return; ' . substr( $code, $at ) );
	} catch ( Throwable $error ) {
		printf( "%s:%d: %s\n", $current, $error->getLine(), $error->getMessage() );
		++$failed;
	}
}
$current = '';
printf( "PHP %s: %d files compiled, %d refused\n", PHP_VERSION, count( $files ), $failed );
exit( $failed ? 1 : 0 );
