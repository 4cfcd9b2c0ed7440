<?php
/**
 * Goes into the site as a must-use plugin: what a test needs to see of it. Mails are written to a file instead of
 * being sent, and every request to another machine is written down (WordPress itself refuses those that leave it).
 */

add_filter(
	'pre_wp_mail',
	static function ( $handled, $mail ) {
		file_put_contents( ELMED_TEST_FOLDER . '/mails.jsonl', wp_json_encode( $mail ) . "\n", FILE_APPEND | LOCK_EX );
		return true;
	},
	10,
	2
);

// A loopback address with a port of its own is what `wp_safe_remote_*` would refuse.
add_filter(
	'http_request_host_is_external',
	static function ( $external, $host ) {
		return $external || '127.0.0.1' === $host;
	},
	10,
	2
);
add_filter(
	'http_allowed_safe_ports',
	static function ( $ports ) {
		return array_merge( $ports, array_map( 'intval', explode( ',', ELMED_TEST_PORTS ) ) );
	}
);
