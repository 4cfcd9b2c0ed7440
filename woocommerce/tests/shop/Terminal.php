<?php
/**
 * The terminal that `wp elmed` writes to, where WP-CLI is not installed: what was said, and an error ends it, as there.
 */

namespace Elmed\WooCommerce\Tests;

final class Terminal {

	/** @var array<int, string> */
	public static $said = array();

	public static function log( string $text ): void {
		self::$said[] = $text;
	}

	public static function success( string $text ): void {
		self::$said[] = 'success: ' . $text;
	}

	public static function warning( string $text ): void {
		self::$said[] = 'warning: ' . $text;
	}

	public static function error( string $text ): void {
		throw new \RuntimeException( $text );
	}
}

if ( ! class_exists( 'WP_CLI', false ) ) {
	class_alias( Terminal::class, 'WP_CLI' );
}
