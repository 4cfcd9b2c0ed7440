<?php
/**
 * Goes into the site as a must-use plugin: what a test needs to see of it. Mails are written to a file instead of
 * being sent, and a request to another machine is answered 503 here, written down, and never leaves.
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

add_filter(
	'pre_http_request',
	static function ( $answer, $arguments, $url ) {
		if ( in_array( wp_parse_url( $url, PHP_URL_HOST ), array( '127.0.0.1', 'localhost' ), true ) ) {
			return $answer;
		}
		file_put_contents( ELMED_TEST_FOLDER . '/outside.log', $arguments['method'] . ' ' . $url . "\n", FILE_APPEND | LOCK_EX );
		return array( 'headers' => array(), 'body' => '', 'response' => array( 'code' => 503, 'message' => 'Not in tests' ), 'cookies' => array(), 'filename' => null );
	},
	10,
	3
);

// The dashboard's news complain in the log where there are none.
add_action(
	'wp_dashboard_setup',
	static function () {
		remove_meta_box( 'dashboard_primary', 'dashboard', 'side' );
	},
	99
);

// A loopback address with a port of its own is what `wp_safe_remote_*` would refuse.
add_filter(
	'http_request_host_is_external',
	static function ( $external, $host ) {
		return $external || in_array( $host, array( '127.0.0.1', 'localhost' ), true );
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
