<?php
/**
 * Reads PHP sources by their tokens: what the plugin calls, and which hooks WooCommerce fires. Used by SymbolsTest.
 */

namespace Elmed\WooCommerce\Tests;

final class Sources {

	private const LISTENERS = array( 'add_action', 'add_filter', 'remove_action', 'remove_filter', 'has_action', 'has_filter', 'did_action' );
	private const FIRERS    = array( 'do_action', 'apply_filters', 'do_action_ref_array', 'apply_filters_ref_array', 'wc_do_deprecated_action', 'do_action_deprecated' );

	/**
	 * The plugin's own files as tokens, without comments and white space, by their path in it.
	 *
	 * @return array<string, array<int, mixed>>
	 */
	public static function plugin(): array {
		$found = array();
		$root  = WP_PLUGIN_DIR . '/elmed-for-woocommerce/';
		foreach ( self::phpFiles( $root ) as $path ) {
			$found[ substr( $path, strlen( $root ) ) ] = self::bare( token_get_all( file_get_contents( $path ) ) );
		}
		return $found;
	}

	/** Names of functions called, the namespace's own excluded. */
	public static function functionCalls( array $tokens ): array {
		$tokens = self::bare( $tokens );
		$found  = array();
		foreach ( $tokens as $at => $token ) {
			$before = self::text( $tokens[ $at - 1 ] ?? '' );
			if ( self::isName( $token ) && '(' === self::text( $tokens[ $at + 1 ] ?? '' ) && ! in_array( $before, array( '->', '?->', '::', 'function', 'new', '&' ), true ) ) {
				$found[] = ltrim( $token[1], '\\' );
			}
		}
		return $found;
	}

	/** Whether the code asks for that name before it uses it: `function_exists( 'name' )`. */
	public static function asksFor( array $tokens, string $asking, string $name ): bool {
		foreach ( $tokens as $at => $token ) {
			if ( $asking === self::text( $token ) && trim( self::text( $tokens[ $at + 2 ] ?? '' ), "'\"" ) === $name ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Classes of WooCommerce (WC_… and Automattic\…) that are named, with the static methods called on them.
	 *
	 * @return array<string, array<int, string>>
	 */
	public static function classes( array $tokens ): array {
		$tokens  = self::bare( $tokens );
		$aliases = array();
		$found   = array();
		foreach ( $tokens as $at => $token ) {
			if ( is_array( $token ) && T_USE === $token[0] && self::isName( $tokens[ $at + 1 ] ) ) {
				$full            = ltrim( $tokens[ $at + 1 ][1], '\\' );
				$parts           = explode( '\\', $full );
				$alias           = 'as' === self::text( $tokens[ $at + 2 ] ) ? self::text( $tokens[ $at + 3 ] ) : end( $parts );
				$aliases[ $alias ] = $full;
			}
		}
		foreach ( $tokens as $at => $token ) {
			if ( ! self::isName( $token ) ) {
				continue;
			}
			$name = ltrim( $aliases[ $token[1] ] ?? $token[1], '\\' );
			$constant = strtoupper( $name ) === $name;
			if ( $constant || ! preg_match( '/^(WC_[A-Z]|Automattic\\\\WooCommerce|ActionScheduler)/', $name ) || self::isGuarded( $tokens, $name ) ) {
				continue;
			}
			$found += array( $name => array() );
			if ( '::' === self::text( $tokens[ $at + 1 ] ?? '' ) && '(' === self::text( $tokens[ $at + 3 ] ?? '' ) ) {
				$found[ $name ][] = self::text( $tokens[ $at + 2 ] );
			}
		}
		return $found;
	}

	/** Methods called with an arrow. */
	public static function methodCalls( array $tokens ): array {
		$tokens = self::bare( $tokens );
		$found  = array();
		foreach ( $tokens as $at => $token ) {
			if ( '->' === self::text( $token ) && self::isName( $tokens[ $at + 1 ] ) && '(' === self::text( $tokens[ $at + 2 ] ) ) {
				$found[] = $tokens[ $at + 1 ][1];
			}
		}
		return $found;
	}

	/** Methods that the code itself declares. */
	public static function declaredMethods( array $tokens ): array {
		$found = array();
		foreach ( $tokens as $at => $token ) {
			if ( is_array( $token ) && T_FUNCTION === $token[0] && self::isName( $tokens[ $at + 1 ] ) ) {
				$found[] = $tokens[ $at + 1 ][1];
			}
		}
		return $found;
	}

	/** Hooks listened to by a literal name. */
	public static function hooksUsed( array $tokens ): array {
		$tokens = self::bare( $tokens );
		$found  = array();
		foreach ( $tokens as $at => $token ) {
			if ( in_array( self::text( $token ), self::LISTENERS, true ) && T_CONSTANT_ENCAPSED_STRING === ( $tokens[ $at + 2 ][0] ?? 0 ) && in_array( self::text( $tokens[ $at + 3 ] ), array( ',', ')' ), true ) ) {
				$found[] = trim( $tokens[ $at + 2 ][1], "'\"" );
			}
		}
		return $found;
	}

	/**
	 * What the sources below a folder fire, as regular expressions: `woocommerce_order_status_` . $to is a beginning.
	 *
	 * @return array<string, true>
	 */
	public static function hooksFired( string $root ): array {
		static $known = array();
		if ( isset( $known[ $root ] ) ) {
			return $known[ $root ];
		}
		$found = array();
		$call  = '/\b(?:' . implode( '|', self::FIRERS ) . ')\(\s*((?:\'[^\']*\'|"[^"]*"|[^,()]|\((?:[^()]|\([^()]*\))*\))+)/';
		foreach ( self::phpFiles( $root ) as $path ) {
			if ( preg_match( '~/(vendor|tests|i18n)/~', $path ) ) {
				continue;
			}
			preg_match_all( $call, file_get_contents( $path ), $calls );
			foreach ( $calls[1] as $name ) {
				$found[ self::pattern( trim( $name ) ) ] = true;
			}
		}
		return $known[ $root ] = $found;
	}

	/** Whether one of those expressions is that hook. */
	public static function isFired( string $hook, array $fired ): bool {
		foreach ( array_keys( $fired ) as $pattern ) {
			if ( preg_match( $pattern, $hook ) ) {
				return true;
			}
		}
		return false;
	}

	/** An expression for a hook's name: its literal parts stay, everything else may be any word. One without any is none. */
	private static function pattern( string $name ): string {
		$any  = "\x00";
		$name = preg_replace( "/\['[^']*'\]/", '', $name ); // $transition['to']: the index is no part of the name.
		preg_match_all( '/\'([^\']*)\'|"([^"]*)"|([^\'"]+)/', $name, $parts, PREG_SET_ORDER );
		$text = '';
		foreach ( $parts as $part ) {
			if ( isset( $part[3] ) ) {
				$text .= '.' === trim( $part[3] ) ? '' : $any;
			} else {
				$text .= preg_replace( '/\{[^}]*\}|\$[\w\->\[\]]+/', $any, $part[1] . ( $part[2] ?? '' ) );
			}
		}
		$literal = str_replace( $any, '', $text );
		if ( strlen( $literal ) < strlen( 'woocommerce_' ) ) {
			return '/^\b$/';
		}
		return '/^' . preg_replace( '/(?:\\\\000)+/', '[\w\-]+', preg_quote( $text, '/' ) ) . '$/';
	}

	private static function isGuarded( array $tokens, string $name ): bool {
		foreach ( $tokens as $at => $token ) {
			if ( 'class_exists' === self::text( $token ) ) {
				$asked = trim( self::text( $tokens[ $at + 2 ] ), "'\"\\" );
				if ( str_replace( '\\\\', '\\', $asked ) === $name ) {
					return true;
				}
			}
		}
		return false;
	}

	private static function phpFiles( string $root ): array {
		$found = array();
		foreach ( new \RecursiveIteratorIterator( new \RecursiveDirectoryIterator( $root, \FilesystemIterator::SKIP_DOTS | \FilesystemIterator::FOLLOW_SYMLINKS ) ) as $file ) {
			if ( 'php' === $file->getExtension() ) {
				$found[] = $file->getPathname();
			}
		}
		sort( $found );
		return $found;
	}

	private static function bare( array $tokens ): array {
		return array_values(
			array_filter(
				$tokens,
				static function ( $token ) {
					return ! is_array( $token ) || ! in_array( $token[0], array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true );
				}
			)
		);
	}

	private static function isName( $token ): bool {
		return is_array( $token ) && in_array( $token[0], array( T_STRING, T_NAME_QUALIFIED, T_NAME_FULLY_QUALIFIED ), true );
	}

	private static function text( $token ): string {
		return is_array( $token ) ? $token[1] : (string) $token;
	}
}
