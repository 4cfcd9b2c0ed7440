<?php
/**
 * Makes a network of an installed WordPress: `php network.php SITE tables`, then, with MULTISITE in wp-config.php,
 * `php network.php SITE site` adds the second site at /two/.
 */

// phpcs:ignoreFile -- not part of the plugin
define( 'WP_INSTALLING_NETWORK', 'tables' === $argv[2] );
$_SERVER += array( 'HTTP_HOST' => getenv( 'ELMED_TEST_HOST' ), 'REQUEST_URI' => '/', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1' );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if ( 'tables' === $argv[2] ) {
	foreach ( $wpdb->tables( 'ms_global' ) as $table => $name ) {
		$wpdb->$table = $name;
	}
	install_network();
	$done = populate_network( 1, getenv( 'ELMED_TEST_HOST' ), 'admin@example.org', 'Pharmacies', '/', false );
} else {
	$done = wpmu_create_blog( getenv( 'ELMED_TEST_HOST' ), '/two/', 'Second pharmacy', 1 );
}
if ( is_wp_error( $done ) && 'no_wildcard_dns' !== $done->get_error_code() ) {
	fwrite( STDERR, $done->get_error_message() . "\n" );
	exit( 1 );
}
